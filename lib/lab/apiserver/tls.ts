/** A self-signed certificate for the embedded API server: kubectl sends its token over TLS only. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { text } from 'node:stream/consumers';

/** Both PEM. Clients trust the certificate itself: it is its own authority. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const REQUEST = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', '-'];
const IDENTITY = ['-subj', '/CN=warren-lab', '-days', '3650'];
const PRIVATE_KEY = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n/;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/;

/**
 * A certificate for addresses and names, such as `127.0.0.1` and `lab.example`. The key comes through a pipe: nothing is written to
 * disk here. Throws when openssl is missing or fails. Equivalent: `openssl req -x509 -addext subjectAltName=...`.
 */
export async function selfSignedCertificate(hosts: readonly string[]): Promise<Certificate> {
  const names = hosts.map((host) => (isIP(host) === 0 ? `DNS:${host}` : `IP:${host}`));
  const output = await openssl([...REQUEST, ...IDENTITY, '-addext', `subjectAltName=${names.join(',')}`]);
  const [key] = PRIVATE_KEY.exec(output) ?? [];
  const [cert] = CERTIFICATE.exec(output) ?? [];
  if (key === undefined || cert === undefined) throw new Error('openssl printed no key or no certificate');
  return { cert, key };
}

async function openssl(args: readonly string[]): Promise<string> {
  const child = spawn('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [output, complaint, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  if (code === 0) return output;
  throw new Error(`openssl could not make a certificate: ${complaint.trim()}`);
}
