/** Updates the box in the given folder, and is gone at the given step or moment, as if the power were cut. */

import { apply } from '../../../appliance/update/update.ts';
import { TestBox } from './box.ts';

const [folder = '', when = ''] = process.argv.slice(2);
const gone = (): void => void process.kill(process.pid, 'SIGKILL');
const box = new TestBox(folder);
if (/^\d+$/.test(when)) setTimeout(gone, Number(when));
await apply(box.updateBox({ onStep: (step) => void (step === when && gone()) }), false);
