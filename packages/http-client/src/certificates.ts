// Extra certificate authorities: a PEM bundle that the environment names, added to the usual roots.
import { HttpError } from "./errors.ts";
import { nodeTls } from "./node-modules.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The variables that may name a bundle; the first that is set and not empty counts. */
export const certificateVariables = ["CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"] as const;

const HINT =
  "it must be a file with one or more certificates in PEM form (-----BEGIN CERTIFICATE-----)";

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g;

function toPem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

/** The first DER object of `data`: OpenSSL appends trust settings to a trusted certificate. */
function firstDerObject(data: Buffer): Buffer {
  const first = data[1] ?? 0;
  if (first < 0x80) return data.subarray(0, 2 + first);
  const lengthBytes = first & 0x7f;
  if (lengthBytes === 0 || lengthBytes > 4 || data.length < 2 + lengthBytes) return data;
  return data.subarray(0, 2 + lengthBytes + data.readUIntBE(2, lengthBytes));
}

/**
 * The certificates of a PEM bundle, each in PEM form. Accepts OpenSSL's `TRUSTED CERTIFICATE` blocks
 * and passes over revocation lists and text between the blocks.
 *
 * @throws Error saying what is wrong with the bundle.
 */
export function parseCertificateBundle(text: string): readonly string[] {
  const { X509Certificate } = process.getBuiltinModule("node:crypto");
  const certificates: string[] = [];
  for (const [, label, body = ""] of text.matchAll(BLOCK)) {
    if (label === "X509 CRL") continue;
    if (
      label !== "CERTIFICATE" &&
      label !== "X509 CERTIFICATE" &&
      label !== "TRUSTED CERTIFICATE"
    ) {
      continue;
    }
    const der = Buffer.from(body, "base64");
    const number = certificates.length + 1;
    try {
      certificates.push(toPem(new X509Certificate(firstDerObject(der)).raw));
    } catch (cause) {
      throw new Error(`certificate ${number} cannot be read`, { cause });
    }
  }
  if (certificates.length > 0) return certificates;
  throw new Error(
    text.includes("-----BEGIN") ? "it holds no certificate" : "it is not in PEM form",
  );
}

/**
 * The extra certificates that the environment names, or null when it names none.
 *
 * @throws HttpError `certificates` naming the variable, the file, the cause and the way out.
 */
export function readExtraCertificates(env: Environment): readonly string[] | null {
  for (const name of certificateVariables) {
    const path = env[name];
    if (path === undefined || path === "") continue;
    try {
      const text = process.getBuiltinModule("node:fs").readFileSync(path, "utf8");
      return parseCertificateBundle(text);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new HttpError(
        "certificates",
        `the certificates of ${name} (${path}) cannot be used: ${reason}; ${HINT}, or the variable unset`,
        { cause },
      );
    }
  }
  return null;
}

/** The platform's roots, the extra ones, and the operating system's if asked for. */
export function trustedRoots(extra: readonly string[], withSystemStore: boolean): string[] {
  const tls = nodeTls();
  return [
    ...tls.getCACertificates("default"),
    ...extra,
    ...(withSystemStore ? tls.getCACertificates("system") : []),
  ];
}
