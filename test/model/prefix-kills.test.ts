import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { promptTokens } from '../../appliance/provider/local/child/call-prompt.ts';
import { openChildEngine } from '../../appliance/provider/local/child/child-engine.ts';
import { openPrefixStore } from '../../appliance/provider/local/child/open-prefix-store.ts';
import type { Slot } from '../../appliance/provider/local/child/slot.ts';
import { warmUp } from '../../appliance/provider/local/child/warm-up.ts';
import { tinyGemma4 } from '../support/gguf-gemma4.ts';
import { isAlive } from '../support/is-alive.ts';
import { conversation, says, until } from '../support/local-engine.ts';
import { read, settingsOf } from '../support/prefix-reader.ts';

const MODEL_ROUNDS = 10;
const LONG = { timeout: 15 * 60_000 };
/** Of some 400 tokens: it comes first in each round, others follow without end. */
const KNOWN = 'What everybody asks. '.repeat(20);

let folder: string;
let program: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), 'innerloop-engine-kills-'));
	program = join(folder, 'program.ts');
	const support = fileURLToPath(new URL('../support/local-engine.ts', import.meta.url));
	const { prefix } = settingsOf(await tinyGemma4(), join(folder, 'prefixes'));
	writeFileSync(
		program,
		`import { answered, conversation, openEngine, says, untilReady } from ${JSON.stringify(support)};
const engine = openEngine(${JSON.stringify(await tinyGemma4())}, { slots: 3, prefix: ${JSON.stringify(prefix)} });
await untilReady(engine);
console.log('child ' + engine.childPid);
const ask = (text) => answered(engine, conversation([says('user', text)], { temperature: 0 }), { maxOutputTokens: 3, memberId: 'ada' });
const known = await ask(${JSON.stringify(KNOWN)});
console.log('known ' + JSON.stringify([known.text, known.usage.cacheReadTokens]));
for (let call = 0; ; call += 1) {
	await ask(process.argv[2] + ' and ' + call + ' and more of the same. '.repeat(12 + (call % 5)));
	console.log('answered');
}`,
	);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function journalSize(): number {
	const files = readdirSync(join(folder, 'prefixes'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
	const journals = files.filter(({ name }) => name === 'journal').map(({ name, parentPath }) => statSync(join(parentPath, name)).size);
	return journals.reduce((sum, size) => sum + size, 0);
}

interface Round {
	readonly text: string;
	readonly found: number;
}

/** Runs an engine and the process that serves by it, and kills one of them with all that it is doing. */
async function killed(round: number): Promise<Round> {
	const parent = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, `round ${round}`], {
		stdio: ['ignore', 'pipe', 'ignore'],
	});
	const gone = once(parent, 'exit');
	let child = 0;
	let known: readonly [string, number] | undefined;
	let answers = 0;
	let journalBytes = 0;
	for await (const line of createInterface({ input: parent.stdout })) {
		if (line.startsWith('child ')) {
			child = Number(line.slice('child '.length));
			journalBytes = journalSize();
		}
		if (line.startsWith('known ')) known = JSON.parse(line.slice('known '.length)) as [string, number];
		if (line === 'answered') answers += 1;
		// The first round lasts until what everybody asks is on disk: the journal grows once all of a prompt is.
		if (answers === 0 || (round === 0 && journalSize() <= journalBytes)) continue;
		if (answers > round % 4) break;
	}
	// In the midst of a prompt, an answer, a block, a line of the journal.
	await delay((round * 37) % 120);
	process.kill(round % 2 === 0 ? child : (parent.pid ?? 0), 'SIGKILL');
	if (round % 2 === 0) await until(() => !isAlive(child));
	parent.kill('SIGKILL');
	await gone;
	await until(() => !isAlive(child));
	if (known === undefined) throw new Error('nothing was answered before the kill');
	return { text: known[0], found: known[1] };
}

test(
	'the engine and the process that serves by it, killed at any moment: each next one finds what was stored, and answers the same',
	LONG,
	async () => {
		const rounds: Round[] = [];
		for (let round = 0; round < MODEL_ROUNDS; round += 1) rounds.push(await killed(round));
		const [first, ...later] = rounds;
		expect(first?.found).toBe(0);
		for (const { text, found } of later) {
			expect(text).toBe(first?.text);
			expect(found).toBeGreaterThanOrEqual(128);
		}
	},
);

test('what was stored through all of that goes on with the very logits of a run without it', LONG, async () => {
	const settings = settingsOf(await tinyGemma4(), join(folder, 'prefixes'));
	const engine = await openChildEngine(settings, () => undefined);
	try {
		await warmUp(engine, () => undefined);
		const said: string[] = [];
		await openPrefixStore(engine, settings, (message) => said.push(message));
		expect(said.join()).toMatch(/Prefixes on disk: [1-9]\d* blocks/);
		const { tokens } = promptTokens(engine, conversation([says('user', KNOWN)]), []);
		const [slot, fresh] = engine.slots.all as [Slot, Slot];
		const stored = await read(engine, slot, tokens);
		expect(stored).toMatchObject({ source: 'disk' });
		const expected = await read(engine, fresh, tokens, 'a stranger');
		expect(expected).toMatchObject({ found: 0 });
		expect(stored.logits).toEqual(expected.logits);
	} finally {
		await engine.llama.dispose();
	}
});
