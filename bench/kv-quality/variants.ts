/** The ways to keep a cache that are compared, and what their names say. */

/** The codec's, of 3.19 to 6.19 bits; 4.69 on the mean with keys of five bits and values of four. */
const OWN = ['tq3', 'tq3+', 'tq4', 'tq4+', 'tq4+~', 'tq5/tq4+', 'tq5', 'tq5+', 'tq6', 'tq6+', 'tqj4', 'tqj4+'];

/** Keys in segments, where there is a calibration to go by. */
const SEGMENTED = ['tqs35/tq3*', 'tqs40/tq3*', 'tqs40/tq4*', 'tqs40/tq4*~', 'tqs45/tq4*', 'tqs50/tq5*', 'tqs60/tq6*'];

const STOCK = ['q8_0', 'q8_0+', 'q5_1', 'q5_1+', 'q5_0', 'q5_0+', 'q4_0', 'q4_0+', 'q5_0-', 'q5_0-+', 'q4_0-', 'q4_0-+'];

const isCalibrated = Boolean(process.env.INNERLOOP_KEY_CALIBRATION);

/** f16+ shows the floor: nothing but rounding differs. */
export const VARIANTS = [...STOCK, 'f16+', ...OWN, ...(isCalibrated ? SEGMENTED : [])];

/** Few, for what takes long: the stock types beside what is shipped. */
export const SHIPPED = ['q8_0', 'q5_0', 'q4_0', 'tq4+', 'tq4+~', ...(isCalibrated ? ['tqs40/tq4*', 'tqs40/tq4*~'] : [])];

/** Its errors are the measure of others on the same tokens. */
export const YARDSTICK = 'q5_0';

/** Type, whether it is rotated, what its keys went through. */
export function describeVariant(variant: string): readonly string[] {
	const type = variant.replace(/[+*~-]+$/, '');
	const isRotated = type !== 'f16' && !variant.includes('-');
	const keys = variant.includes('*') ? 'calibrated' : variant.includes('+') ? 'balanced' : 'as they are';
	return [variant.includes('~') ? `${type}, windows q8_0` : type, isRotated ? 'yes' : 'no', keys];
}
