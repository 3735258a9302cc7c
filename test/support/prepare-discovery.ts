/** Fetches what looks for boxes in the discovery tests, before they need it. */

import { installDiscoveryTools } from './discovery-tools.ts';

await installDiscoveryTools();
