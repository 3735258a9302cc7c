/** Deletes a member, its keys and all that is recorded of its calls. What the team spent stays. */

import type { DatabaseSync } from 'node:sqlite';
import { forgetAccess } from './access-rows.ts';
import type { Change } from './journal-messages.ts';

export type ForgottenMember = Extract<Change, { readonly kind: 'forget-member' }>;

/** Call inside a transaction. Rows are overwritten in the file, not only unlinked. */
export function forgetMember(db: DatabaseSync, { id: memberId, name, keyIds }: ForgottenMember): void {
	db.exec('PRAGMA secure_delete = ON');
	try {
		const keys = JSON.stringify(keyIds);
		db.prepare("DELETE FROM calls WHERE json_extract(decision, '$.keyId') IN (SELECT value FROM json_each(?))").run(keys);
		db.prepare('DELETE FROM rewards WHERE key_id IN (SELECT value FROM json_each(?))').run(keys);
		db.prepare('DELETE FROM trims WHERE member_id = ?').run(memberId);
		db.prepare('DELETE FROM settlements WHERE member_id = ?').run(memberId);
		db.prepare("DELETE FROM sums WHERE scope = 'member' AND id = ?").run(memberId);
		db.prepare('DELETE FROM trees WHERE member_id = ?').run(memberId);
		db.prepare('DELETE FROM keys WHERE member_id = ?').run(memberId);
		forgetAccess(db, memberId, name);
		db.prepare('DELETE FROM members WHERE id = ?').run(memberId);
	} finally {
		db.exec('PRAGMA secure_delete = OFF');
	}
}
