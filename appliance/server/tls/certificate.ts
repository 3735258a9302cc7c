/** Makes X.509 certificates (RFC 5280): the box's own authority, and what it signs. Keys are P-256, signed with SHA-256. */

import {
	createHash,
	createPrivateKey,
	createPublicKey,
	generateKeyPairSync,
	type KeyObject,
	randomBytes,
	sign,
	X509Certificate,
} from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
	AlgorithmIdentifier,
	AttributeTypeAndValue,
	AttributeValue,
	AuthorityKeyIdentifier,
	BasicConstraints,
	Certificate,
	ExtendedKeyUsage,
	Extension,
	Extensions,
	GeneralName,
	GeneralSubtree,
	GeneralSubtrees,
	id_ce_authorityKeyIdentifier,
	id_ce_basicConstraints,
	id_ce_extKeyUsage,
	id_ce_keyUsage,
	id_ce_nameConstraints,
	id_ce_subjectAltName,
	id_ce_subjectKeyIdentifier,
	id_kp_serverAuth,
	KeyUsage,
	KeyUsageFlags,
	Name,
	NameConstraints,
	RelativeDistinguishedName,
	SubjectAlternativeName,
	SubjectKeyIdentifier,
	SubjectPublicKeyInfo,
	TBSCertificate,
	Validity,
	Version,
} from '@peculiar/asn1-x509';

export interface KeyAndCertificate {
	/** PEM, PKCS #8. */
	readonly key: string;
	/** PEM. */
	readonly certificate: string;
}

export interface Names {
	readonly dns: readonly string[];
	readonly ip: readonly string[];
}

export interface Span {
	readonly from: Date;
	readonly until: Date;
}

const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';

const nameOf = (commonName: string): Name =>
	new Name([
		new RelativeDistinguishedName([
			new AttributeTypeAndValue({ type: COMMON_NAME, value: new AttributeValue({ utf8String: commonName }) }),
		]),
	]);

const extension = (extnID: string, critical: boolean, value: unknown): Extension =>
	new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });

/** Any way to a unique value will do (§4.2.1.2). */
const keyId = (publicKey: KeyObject): OctetString =>
	new OctetString(
		createHash('sha256')
			.update(publicKey.export({ type: 'spki', format: 'der' }))
			.digest()
			.subarray(0, 20),
	);

interface Draft {
	readonly subject: string;
	readonly issuer: string;
	readonly span: Span;
	readonly publicKey: KeyObject;
	readonly signingKey: KeyObject;
	readonly extensions: readonly Extension[];
}

function issue({ subject, issuer, span, publicKey, signingKey, extensions }: Draft): string {
	const algorithm = new AlgorithmIdentifier({ algorithm: ECDSA_SHA256 });
	const serial = randomBytes(16);
	// Positive and of full length (§4.1.2.2).
	serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0);
	const body = new TBSCertificate({
		version: Version.v3,
		serialNumber: new Uint8Array(serial).buffer,
		signature: algorithm,
		issuer: nameOf(issuer),
		validity: new Validity({ notBefore: span.from, notAfter: span.until }),
		subject: nameOf(subject),
		subjectPublicKeyInfo: AsnConvert.parse(publicKey.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo),
		extensions: new Extensions([...extensions]),
	});
	const signed = sign('sha256', Buffer.from(AsnConvert.serialize(body)), signingKey);
	const whole = new Certificate({ tbsCertificate: body, signatureAlgorithm: algorithm, signatureValue: new Uint8Array(signed).buffer });
	return new X509Certificate(Buffer.from(AsnConvert.serialize(whole))).toString();
}

const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/**
 * An authority that can vouch for names below the permitted ones alone, so that its key, when stolen, is no use against
 * other sites' names.
 */
export function makeAuthority(commonName: string, permitted: readonly string[], span: Span): KeyAndCertificate {
	const { publicKey, privateKey } = newKeys();
	const subtrees = permitted.map((dNSName) => new GeneralSubtree({ base: new GeneralName({ dNSName }) }));
	const certificate = issue({
		subject: commonName,
		issuer: commonName,
		span,
		publicKey,
		signingKey: privateKey,
		extensions: [
			extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: true, pathLenConstraint: 0 })),
			extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)),
			extension(id_ce_nameConstraints, true, new NameConstraints({ permittedSubtrees: new GeneralSubtrees(subtrees) })),
			extension(id_ce_subjectKeyIdentifier, false, new SubjectKeyIdentifier(keyId(publicKey))),
		],
	});
	return { key: pemOf(privateKey), certificate };
}

/** For a server under these names. */
export function makeLeaf(authority: KeyAndCertificate, names: Names, span: Span): KeyAndCertificate {
	const { publicKey, privateKey } = newKeys();
	const issuer = new X509Certificate(authority.certificate);
	const alternatives = [
		...names.dns.map((dNSName) => new GeneralName({ dNSName })),
		...names.ip.map((iPAddress) => new GeneralName({ iPAddress })),
	];
	const certificate = issue({
		subject: names.dns[0] ?? 'innerloop',
		issuer: issuer.subject.replace(/^CN=/, ''),
		span,
		publicKey,
		signingKey: createPrivateKey(authority.key),
		extensions: [
			extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: false })),
			extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.digitalSignature)),
			extension(id_ce_extKeyUsage, false, new ExtendedKeyUsage([id_kp_serverAuth])),
			extension(id_ce_subjectAltName, false, new SubjectAlternativeName(alternatives)),
			extension(id_ce_subjectKeyIdentifier, false, new SubjectKeyIdentifier(keyId(publicKey))),
			extension(
				id_ce_authorityKeyIdentifier,
				false,
				new AuthorityKeyIdentifier({ keyIdentifier: keyId(createPublicKey(authority.certificate)) }),
			),
		],
	});
	return { key: pemOf(privateKey), certificate };
}
