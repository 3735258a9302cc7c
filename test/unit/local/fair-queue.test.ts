import { expect, test } from 'vitest';
import { FairQueue } from '../../../appliance/provider/local/fair-queue.ts';

function drainInOrder(queue: FairQueue<string>): string[] {
	const order: string[] = [];
	for (let next = queue.shift(); next !== undefined; next = queue.shift()) order.push(next.value);
	return order;
}

test('members are served in turn, each in its own order', () => {
	const queue = new FairQueue<string>(10);
	for (const entry of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) queue.push(entry.slice(0, 1), entry);
	expect(drainInOrder(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
});

test('a member that was just served goes behind those that wait', () => {
	const queue = new FairQueue<string>(10);
	queue.push('a', 'a1');
	queue.push('a', 'a2');
	expect(queue.shift()?.value).toBe('a1');
	queue.push('b', 'b1');
	queue.push('a', 'a3');
	expect(drainInOrder(queue)).toEqual(['a2', 'b1', 'a3']);
});

test('the bound holds over all members, and a removed entry makes room', () => {
	const queue = new FairQueue<string>(2);
	expect(queue.push('a', 'a1')).toBe(true);
	expect(queue.push('b', 'b1')).toBe(true);
	expect(queue.push('c', 'c1')).toBe(false);
	expect(queue.remove('a', 'a1')).toBe(true);
	expect(queue.remove('a', 'a1')).toBe(false);
	expect(queue.push('c', 'c1')).toBe(true);
	expect(queue.size).toBe(2);
	expect(queue.drain().sort()).toEqual(['b1', 'c1']);
	expect(queue.shift()).toBeUndefined();
});
