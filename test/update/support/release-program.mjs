/** Stands in for a release: says its version, migrates the database to its schema, and answers for as long as it is told to. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const [root = '', command] = process.argv.slice(2);
const { version, health, databaseVersion } = JSON.parse(readFileSync(join(root, 'release.json'), 'utf8'));
const dataDir = process.env.INNERLOOP_DATA ?? '';
const serviceFile = join(dataDir, 'service.json');

if (command === '--version') console.log(version);
else {
	const db = new DatabaseSync(join(dataDir, 'innerloop.db'));
	db.exec(`PRAGMA user_version = ${databaseVersion}; INSERT INTO notes VALUES ('written by ${version}')`);
	db.close();
	if (health === 'dies') process.exit(1);
	const server = createServer((_request, reply) => void reply.end('{"status":"ok"}'));
	server.listen(0, '127.0.0.1', () => {
		const address = server.address();
		const port = typeof address === 'object' ? address?.port : 0;
		if (health !== 'silent') writeFileSync(serviceFile, JSON.stringify({ version, address: `http://127.0.0.1:${port}` }));
	});
	process.on('SIGTERM', () => {
		rmSync(serviceFile, { force: true });
		process.exit(0);
	});
}
