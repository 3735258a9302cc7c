/** Whether a process is there, a child's that nobody has waited for included. */

export function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}
