/** Fetches the clients that tests need, before they need them: one after another, since the tests run meanwhile. */

import {
	installAider,
	installClaudeCode,
	installCodex,
	installGeminiCli,
	installOlderClaudeCode,
	installOpencode,
} from './client-installs.ts';

for (const install of [installClaudeCode, installCodex, installOpencode, installOlderClaudeCode, installGeminiCli, installAider]) {
	// A client that cannot be installed fails the test that needs it, with the installer's words; the others still come.
	await install().catch((error: unknown) => console.error(String(error)));
}
