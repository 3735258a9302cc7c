import { expect, test } from 'vitest';
import type { Conversation } from '../../../appliance/protocol/conversation.ts';
import { layOut } from '../../../appliance/provider/local/prompt/lay-out.ts';
import { textOf } from '../../../appliance/provider/local/prompt/template-messages.ts';
import { calls, conversation, returns, says } from '../../support/local-engine.ts';

const STABLE = 'You are an agent.\n\n# Rules\nRead before you write.\nThe platform team owns deploys: ask them.';

function session(date: string, folder: string): Conversation {
	const system = `x-anthropic-billing-header: cc_version=${date};\n${STABLE}\n\n<env>\nWorking directory: ${folder}\nToday's date: ${date}\n</env>\n\ngitStatus: on main\n M ${folder}/a.ts\n`;
	return conversation([says('system', system), says('user', 'Fix the test.')]);
}

const texts = ({ messages }: Conversation) => messages.map(({ role, content }) => [role, textOf(content)] as const);

test('two developers on two days share all of the system text; what differs stands in front of their words', () => {
	const [one, two] = [layOut(session('2026-01-02', '/home/a'), false), layOut(session('2026-03-04', '/home/b'), false)];
	expect(texts(one.conversation)[0]).toEqual(['system', STABLE]);
	expect(texts(two.conversation)[0]).toEqual(texts(one.conversation)[0]);
	const [role, words] = texts(one.conversation)[1] ?? [];
	expect(role).toBe('user');
	for (const part of ['/home/a', '2026-01-02', 'on main', 'M /home/a/a.ts', 'Fix the test.']) expect(words).toContain(part);
	expect(JSON.stringify(one.conversation)).not.toContain('billing-header');
	expect(one.notes.map(({ code }) => code)).toEqual(['layout-attribution-out', 'layout-changing-last']);
});

test('a conversation in which nothing changes is not touched', () => {
	const plain = conversation([says('system', STABLE), says('user', 'What is the platform: a Pi?')]);
	expect(layOut(plain, true)).toEqual({ conversation: plain, notes: [] });
	expect(layOut(plain, true).conversation).toBe(plain);
});

test('what a user or a file says of dates stays where it is', () => {
	const asked = conversation([says('user', "Today's date: none\nWorking directory: gone"), returns('c1', 'gitStatus: fine')]);
	expect(layOut(asked, false).conversation).toBe(asked);
});

test('a reminder is said once, the first time', () => {
	const reminder = '<system-reminder>Mind the gap.</system-reminder>\n';
	const { conversation: laid, notes } = layOut(
		conversation([says('user', `${reminder}one`), says('assistant', reminder), says('user', `${reminder}two`)]),
		false,
	);
	expect(texts(laid).map(([, text]) => text)).toEqual([`${reminder}one`, reminder, 'two']);
	expect(notes.map(({ code }) => code)).toEqual(['layout-reminders-once']);
});

test('long results are windowed for auxiliary calls alone', () => {
	const long = `begin ${'x'.repeat(9_000)} end`;
	const asked = conversation([says('user', 'go'), calls('c1', 'Read', { file_path: 'a' }), returns('c1', long)]);
	expect(layOut(asked, false).conversation).toBe(asked);
	const { conversation: laid, notes } = layOut(asked, true);
	const shown = JSON.stringify(laid.messages[2]);
	expect(shown.length).toBeLessThan(4_300);
	expect(shown).toMatch(/begin .* characters left out.* end/);
	expect(notes.map(({ code }) => code)).toEqual(['layout-results-windowed']);
});
