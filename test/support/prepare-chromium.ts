/** Fetches the browser that the page's tests need, before they need it. */

import { installChromium } from '../page/support/chromium.ts';

// Where it cannot be installed, the tests that need it fail with the installer's words.
await installChromium().catch((error: unknown) => console.error(String(error)));
