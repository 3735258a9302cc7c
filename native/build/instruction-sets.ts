/** Which instruction sets a build may use, named one by one: GGML_NATIVE makes gcc 12 emit AMX code that dies of SIGILL. */

export type CmakeOptions = Readonly<Record<string, string>>;

/** CMake option → the CPU flags that it needs, as /proc/cpuinfo spells them. */
const X64_OPTIONS: Readonly<Record<string, readonly string[]>> = {
	GGML_SSE42: ['sse4_2'],
	GGML_AVX: ['avx'],
	GGML_AVX2: ['avx2'],
	GGML_BMI2: ['bmi2'],
	GGML_FMA: ['fma'],
	GGML_F16C: ['f16c'],
	GGML_AVX512: ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl'],
	GGML_AVX512_VBMI: ['avx512vbmi'],
	GGML_AVX512_VNNI: ['avx512_vnni'],
};

/** Flags of the kernel → extensions of -march. */
const ARM64_EXTENSIONS: Readonly<Record<string, string>> = { asimddp: 'dotprod', asimdhp: 'fp16', i8mm: 'i8mm' };

/** Of a Cortex-A76. */
export const PI5_CPU_FLAGS: ReadonlySet<string> = new Set(['asimddp', 'asimdhp']);

/** @param cpuFlags the `flags` (x86) or `Features` (ARM) of one core */
export function instructionSetOptions(architecture: string, cpuFlags: ReadonlySet<string>): CmakeOptions {
	const named = { GGML_NATIVE: 'OFF' };
	if (architecture === 'x64') {
		const options = Object.entries(X64_OPTIONS).map(([option, flags]) => [
			option,
			flags.every((flag) => cpuFlags.has(flag)) ? 'ON' : 'OFF',
		]);
		return { ...named, ...Object.fromEntries(options) };
	}
	if (architecture !== 'arm64') return named;
	const extensions = Object.entries(ARM64_EXTENSIONS).flatMap(([flag, extension]) => (cpuFlags.has(flag) ? [`+${extension}`] : []));
	return { ...named, GGML_CPU_ARM_ARCH: `armv8.2-a${extensions.join('')}` };
}

/** The flags that every core has: big and little cores may differ. */
export function commonCpuFlags(cpuinfo: string): ReadonlySet<string> {
	const cores = [...cpuinfo.matchAll(/^(?:flags|Features)\s*:\s*(.*)$/gm)].map(([, flags]) => new Set((flags ?? '').split(/\s+/)));
	const [first, ...others] = cores;
	return new Set([...(first ?? [])].filter((flag) => others.every((core) => core.has(flag))));
}
