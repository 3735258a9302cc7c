/** The bill of materials of an image, in CycloneDX 1.6: Debian's packages, npm's, Node, and the release itself. */

export interface DebianPackage {
	readonly name: string;
	readonly version: string;
	readonly architecture: string;
	/** Source package that it was built from. */
	readonly source: string;
}

interface LockEntry {
	readonly version?: string;
	readonly integrity?: string;
	readonly dev?: boolean;
	readonly cpu?: readonly string[];
	readonly os?: readonly string[];
	readonly license?: string;
	readonly link?: boolean;
}

export interface SbomInputs {
	readonly version: string;
	readonly commit: string;
	/** Seconds since 1970. */
	readonly epoch: number;
	readonly arch: 'arm64' | 'x64';
	readonly debian: readonly DebianPackage[];
	/** `packages` of package-lock.json. */
	readonly npm: Readonly<Record<string, LockEntry>>;
}

interface Component {
	readonly type: 'library' | 'application' | 'operating-system';
	readonly name: string;
	readonly version: string;
	readonly purl: string;
	readonly hashes?: readonly { readonly alg: 'SHA-512'; readonly content: string }[];
	readonly licenses?: readonly { readonly license: { readonly name: string } }[];
}

/** The same inputs give the same text. */
export function makeSbom(inputs: SbomInputs): object {
	const { version, commit, epoch } = inputs;
	return {
		bomFormat: 'CycloneDX',
		specVersion: '1.6',
		version: 1,
		metadata: {
			timestamp: new Date(epoch * 1_000).toISOString(),
			component: { type: 'operating-system', name: 'innerloop', version, properties: [{ name: 'innerloop:commit', value: commit }] },
		},
		components: [...inputs.debian.map(debianComponent), ...npmComponents(inputs)].sort((a, b) => (a.purl < b.purl ? -1 : 1)),
	};
}

function debianComponent({ name, version, architecture, source }: DebianPackage): Component {
	const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}&distro=trixie&upstream=${encodeURIComponent(source)}`;
	return { type: 'library', name, version, purl };
}

/** What npm installs for production on that machine. */
function npmComponents({ npm, arch }: SbomInputs): Component[] {
	return Object.entries(npm).flatMap(([path, entry]) => {
		const at = path.lastIndexOf('node_modules/');
		const fits = (entry.cpu?.includes(arch) ?? true) && (entry.os?.includes('linux') ?? true);
		if (at < 0 || entry.dev || entry.link || !fits || entry.version === undefined) return [];
		const name = path.slice(at + 'node_modules/'.length);
		const digest = entry.integrity?.startsWith('sha512-') ? Buffer.from(entry.integrity.slice(7), 'base64').toString('hex') : undefined;
		return [
			{
				type: name.startsWith('node-linux-') ? 'application' : 'library',
				name,
				version: entry.version,
				purl: `pkg:npm/${name.replace('@', '%40')}@${entry.version}`,
				...(digest && { hashes: [{ alg: 'SHA-512', content: digest }] }),
				...(entry.license && { licenses: [{ license: { name: entry.license } }] }),
			} as const,
		];
	});
}

/** Lines of `name<TAB>version<TAB>architecture<TAB>source`, as the image's build asks dpkg-query for. */
export function parsePackages(text: string): DebianPackage[] {
	return text
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => {
			const [name = '', version = '', architecture = '', source = ''] = line.split('\t');
			return { name, version, architecture, source };
		});
}
