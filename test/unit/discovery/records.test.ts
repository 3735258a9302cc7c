import { describe, expect, it } from 'vitest';
import { buildAnnouncement } from '../../../appliance/discovery/announcement.ts';
import { type DnsRecord, TYPE } from '../../../appliance/discovery/dns-message.ts';
import { answersTo, claimedByOthers, recordsOf, typeName } from '../../../appliance/discovery/records.ts';
import { FACTS } from '../../discovery/facts.ts';

const set = recordsOf(buildAnnouncement(FACTS), { instance: 'Team box', host: 'innerloop-team' }, ['10.0.0.5', 'fe80::1']);
const instance = ['Team box', ...typeName('_innerloop._tcp')];
const host = ['innerloop-team', 'local'];
const typesOf = (records: readonly DnsRecord[]) => records.map(({ data }) => data.type).sort();

describe('the records of an announcement', () => {
	it('live 120 s where they hold a host or its address, else 75 minutes', () => {
		const lives = new Set([...set.pointers, ...set.unique].map(({ data, ttlSeconds }) => `${data.type} ${ttlSeconds}`));
		expect([...lives].sort()).toEqual(['1 120', '12 4500', '16 4500', '28 120', '33 120']);
	});

	it.each([
		['the type', { name: typeName('_innerloop._tcp'), type: TYPE.PTR }, [TYPE.PTR], [TYPE.A, TYPE.TXT, TYPE.AAAA, TYPE.SRV]],
		['the instance', { name: instance, type: TYPE.SRV }, [TYPE.SRV], [TYPE.A, TYPE.AAAA]],
		['all of the instance', { name: instance, type: TYPE.ANY }, [TYPE.TXT, TYPE.SRV], [TYPE.A, TYPE.AAAA]],
		['the host, in other letters', { name: ['INNERLOOP-team', 'LOCAL'], type: TYPE.A }, [TYPE.A], []],
		['its text', { name: instance, type: TYPE.TXT }, [TYPE.TXT], []],
		['somebody else', { name: ['other', 'local'], type: TYPE.A }, [], []],
	])('answer a question for %s, with what is wanted next', (_, question, answers, additionals) => {
		const found = answersTo([{ ...question, isUnicast: false }], [], set);
		expect(typesOf(found.answers)).toEqual([...answers].sort());
		expect(typesOf(found.additionals)).toEqual([...additionals].sort());
	});

	it('are not told again to one who knows them for half their life', () => {
		const [pointer] = set.pointers;
		if (pointer === undefined) throw new Error('no pointer');
		const question = { name: pointer.name, type: TYPE.PTR, isUnicast: false };
		expect(answersTo([question], [{ ...pointer, ttlSeconds: 2_250 }], set).answers).toEqual([]);
		expect(answersTo([question], [{ ...pointer, ttlSeconds: 2_249 }], set).answers).toEqual([pointer]);
	});

	it('are claimed by another only with another content, alive', () => {
		const rival = (ttlSeconds: number): DnsRecord => ({
			name: host,
			ttlSeconds,
			isUnique: true,
			data: { type: TYPE.A, address: '10.0.0.9' },
		});
		expect(claimedByOthers(set.unique, set.unique)).toEqual([]);
		expect(claimedByOthers(set.unique, [rival(0)])).toEqual([]);
		expect(claimedByOthers(set.unique, [rival(120)])).toHaveLength(1);
	});
});
