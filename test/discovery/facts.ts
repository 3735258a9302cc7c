/** The box that every adapter announces in the conformance run. */

import type { AnnouncementFacts } from '../../appliance/discovery/announcement.ts';

export const FACTS: AnnouncementFacts = {
	name: 'Team box',
	machineName: 'team',
	id: '00112233445566ff',
	version: '0.1.0',
	host: '::',
	port: 7341,
	tlsPort: 7341,
	fingerprint: 'ab'.repeat(32),
};
