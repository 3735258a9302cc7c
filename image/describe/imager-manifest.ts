/** What Raspberry Pi Imager asks of an image that it offers: sizes, hashes, and how it hands over name, Wi-Fi and keys. */

export interface ImageFile {
	/** Name beside the manifest. */
	readonly name: string;
	readonly bytes: number;
	readonly sha256: string;
}

export interface ManifestInputs {
	readonly version: string;
	/** Seconds since 1970. */
	readonly epoch: number;
	readonly image: ImageFile;
	readonly compressed: ImageFile;
	readonly bmap: string;
}

/** Memory that the model, a long context and the service need beside the system. */
const SUPPORTED = 'Raspberry Pi 5 with 4, 8 or 16 GB';

/** Content of an `.rpi-imager-manifest`: a list of one system, in the form of Imager's own list. */
export function makeManifest({ version, epoch, image, compressed, bmap }: ManifestInputs): object {
	return {
		os_list: [
			{
				name: `Innerloop ${version}`,
				description: `The team's router and local model. ${SUPPORTED}.`,
				url: compressed.name,
				release_date: new Date(epoch * 1_000).toISOString().slice(0, 10),
				extract_size: image.bytes,
				extract_sha256: image.sha256,
				image_download_size: compressed.bytes,
				image_download_sha256: compressed.sha256,
				bmap_url: bmap,
				// Name, Wi-Fi and SSH key come as cloud-init files in the form that Raspberry Pi OS reads since trixie.
				init_format: 'cloudinit-rpi',
				devices: ['pi5-64bit'],
				architecture: 'armv8',
			},
		],
	};
}
