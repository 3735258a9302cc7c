import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChildEngine, openChildEngine } from '../../appliance/provider/local/child/child-engine.ts';
import { openPrefixStore } from '../../appliance/provider/local/child/open-prefix-store.ts';
import type { Slot } from '../../appliance/provider/local/child/slot.ts';
import { warmUp } from '../../appliance/provider/local/child/warm-up.ts';
import { tinyGemma4 } from '../support/gguf-gemma4.ts';
import { smallModel } from '../support/local-engine.ts';
import { type Reading, read, settingsOf, tokens } from '../support/prefix-reader.ts';

describe.each([
	{ name: 'a tiny Gemma 4: sliding windows, shared layers, heads of 256 and 512', file: tinyGemma4, cuts: [64, 704, 832, 1_280, 1_536] },
	{ name: 'a small real model', file: async () => smallModel(), cuts: [192] },
])('$name', ({ file, cuts }) => {
	let folder: string;
	let engine: ChildEngine;
	let slots: readonly Slot[];

	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), 'innerloop-prefixes-'));
		await reopen();
	});
	afterAll(async () => {
		await engine.llama.dispose();
		rmSync(folder, { recursive: true, force: true });
	});

	async function reopen(): Promise<string[]> {
		const said: string[] = [];
		const settings = settingsOf(await file(), folder);
		engine = await openChildEngine(settings, () => undefined);
		await warmUp(engine, () => undefined);
		await openPrefixStore(engine, settings, (message) => said.push(message));
		slots = engine.slots.all;
		return said;
	}

	/** A run that knows nothing: its slot is empty, and nobody may share with its member. */
	async function fresh(prompt: readonly number[], member: string): Promise<Reading> {
		const slot = slots[2] as Slot;
		await slot.keep(0);
		engine.prefix.hold(slot, []);
		return await read(engine, slot, prompt, member);
	}

	test.each(cuts)('what another slot or the disk has up to token %i goes on with the very same logits', async (cut) => {
		const [first, second] = slots as [Slot, Slot];
		const shared = [2, ...tokens(cut - 1, cut)];
		await read(engine, first, [...shared, 300]);
		const prompt = [...shared, ...tokens(90, cut + 1)];
		const expected = await fresh(prompt, `stranger-${cut}`);
		expect(expected).toMatchObject({ found: 0, source: 'none' });
		const copied = await read(engine, second, prompt);
		expect(copied).toMatchObject({ found: cut, source: 'other-slot', computed: prompt.length - 1 - cut });
		expect(copied.logits).toEqual(expected.logits);
		await engine.prefix.flush();
		for (const slot of [first, second]) {
			await slot.keep(0);
			engine.prefix.hold(slot, []);
		}
		const stored = await read(engine, first, prompt.toSpliced(-1, 1, 301));
		expect(stored.source).toBe('disk');
		const expectedToo = await fresh(prompt.toSpliced(-1, 1, 301), `other-stranger-${cut}`);
		expect(stored.logits).toEqual(expectedToo.logits);
	});

	test('after a restart it comes from the disk; when that is damaged it is computed, and right', async () => {
		const prompt = [2, ...tokens(200, 901)];
		const expected = await read(engine, slots[0] as Slot, prompt);
		await engine.prefix.flush();
		await engine.llama.dispose();
		await reopen();
		const again = await read(engine, slots[0] as Slot, prompt);
		expect(again).toMatchObject({ found: 192, source: 'disk', computed: 8 });
		expect(again.logits).toEqual(expected.logits);
		await engine.llama.dispose();
		damageEvery(folder);
		await reopen();
		const computed = await read(engine, slots[0] as Slot, prompt);
		expect(computed).toMatchObject({ found: 0, computed: 200 });
		expect(computed.logits).toEqual(expected.logits);
	});

	test('a prefill that was cut off keeps what it computed', async () => {
		const prompt = [2, ...tokens(300, 55)];
		const cut = await read(engine, slots[0] as Slot, prompt, 'ada', 128);
		expect(cut.found + cut.computed).toBe(128);
		expect(await read(engine, slots[0] as Slot, prompt)).toMatchObject({ found: 128, computed: 172 });
	});

	test('an oracle: what one member alone has sent costs another as many tokens as what nobody sent; a third finds it', async () => {
		const [first, second] = slots as [Slot, Slot];
		const empty = async (slot: Slot) => {
			await slot.keep(0);
			engine.prefix.hold(slot, []);
		};
		const secret = [2, ...tokens(256, 77)];
		const nobodys = [2, ...tokens(256, 78)];
		await empty(first);
		expect((await read(engine, first, secret, 'victim')).computed).toBe(256);
		await engine.prefix.flush();
		/** Cut off, whole, a part of it, whole once more: what the spy can count. */
		const counts = async (text: readonly number[]): Promise<readonly number[]> => {
			await empty(second);
			const cut = await read(engine, second, text, 'spy', 100);
			await empty(second);
			const tries = [await read(engine, second, text.slice(0, 200), 'spy'), await read(engine, second, text, 'spy')];
			return [cut, ...tries].map(({ computed }) => computed);
		};
		const ofSecret = await counts(secret);
		expect(ofSecret).toEqual(await counts(nobodys));
		expect(ofSecret[0]).toBe(128);
		await empty(second);
		expect((await read(engine, second, secret, 'third')).found).toBeGreaterThan(0);
	});
});

function damageEvery(folder: string): void {
	for (const { name, parentPath } of readdirSync(folder, { withFileTypes: true, recursive: true })) {
		if (!name.endsWith('.block')) continue;
		const path = join(parentPath, name);
		const bytes = readFileSync(path);
		if (name < '8') truncateSync(path, bytes.length >> 1);
		else writeFileSync(path, bytes.with(bytes.length >> 1, (bytes[bytes.length >> 1] ?? 0) ^ 1));
	}
}
