/** Rules for names, label keys and label values (k8s.io/apimachinery/pkg/util/validation), with the messages of the real server. */

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);
const LABEL_RE = whole(LABEL);
const SUBDOMAIN_RE = whole(SUBDOMAIN);
const LABEL_1035_RE = whole(LABEL_1035);
const QUALIFIED_RE = whole(QUALIFIED);
const LABEL_VALUE_RE = whole(`(${QUALIFIED})?`);
const CONFIG_KEY_RE = whole('[-._a-zA-Z0-9]+');

/** What is wrong with a name, one message each; empty when it is right. */
export type NameRule = (name: string) => string[];

const tooLong = (max: number): string => `must be no more than ${max} bytes`;
const explain = (message: string, pattern: string, ...examples: string[]): string =>
  `${message} (e.g. ${examples.map((e) => `'${e}'`).join(',  or ')}, regex used for validation is '${pattern}')`;

const LABEL_TEXT = explain(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  LABEL,
  'my-name',
  '123-abc',
);
const SUBDOMAIN_TEXT = explain(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  SUBDOMAIN,
  'example.com',
);
const LABEL_1035_TEXT = explain(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  LABEL_1035,
  'my-name',
  'abc-123',
);
const QUALIFIED_TEXT = explain(
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  QUALIFIED,
  'MyName',
  'my.name',
  '123-abc',
);
const LABEL_VALUE_TEXT = explain(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  `(${QUALIFIED})?`,
  'MyValue',
  'my_value',
  '12345',
);
const CONFIG_KEY_TEXT = explain(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  '[-._a-zA-Z0-9]+',
  'key.name',
  'KEY_NAME',
  'key-name',
);

const rule =
  (max: number, pattern: RegExp, text: string): NameRule =>
  (name) => [...(name.length > max ? [tooLong(max)] : []), ...(pattern.test(name) ? [] : [text])];

/** A name that would do as a subdomain gets the shorter complaint. */
export const dnsLabel: NameRule = (name) => {
  const problems = rule(63, LABEL_RE, LABEL_TEXT)(name);
  return SUBDOMAIN_RE.test(name)
    ? problems.map((text) => (text === LABEL_TEXT ? 'must not contain dots' : text))
    : problems;
};
export const dnsSubdomain: NameRule = rule(253, SUBDOMAIN_RE, SUBDOMAIN_TEXT);
export const dns1035Label: NameRule = rule(63, LABEL_1035_RE, LABEL_1035_TEXT);
export const labelValue: NameRule = rule(63, LABEL_VALUE_RE, LABEL_VALUE_TEXT);

/** Names of RBAC objects: any path segment. */
export const pathSegment: NameRule = (name) => {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%'].filter((bad) => name.includes(bad)).map((bad) => `may not contain '${bad}'`);
};

/** Keys of ConfigMaps and Secrets. */
export const configKey: NameRule = (key) => {
  if (key === '.' || key === '..') return [`must not be '${key}'`];
  if (key.startsWith('..')) return [`must not start with '..'`];
  return rule(253, CONFIG_KEY_RE, CONFIG_KEY_TEXT)(key);
};

/** Label keys, annotation keys (after lowering) and finalizers: `[prefix/]name`. */
export const qualifiedName: NameRule = (value) => {
  const parts = value.split('/');
  if (parts.length > 2) {
    return [
      `a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const name = parts.at(-1) ?? '';
  return [...(parts.length === 2 ? prefixProblems(parts[0] ?? '') : []), ...namePartProblems(name)];
};

function prefixProblems(prefix: string): string[] {
  if (prefix === '') return ['prefix part must be non-empty'];
  return dnsSubdomain(prefix).map((text) => `prefix part ${text}`);
}

function namePartProblems(name: string): string[] {
  const problems = name === '' ? ['name part must be non-empty'] : [];
  if (name.length > 63) problems.push(`name part ${tooLong(63)}`);
  return QUALIFIED_RE.test(name) ? problems : [...problems, QUALIFIED_TEXT];
}

const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const GENERATED_BASE_MAX = 58;

/** `generateName` and five random characters, as k8s.io/apiserver/pkg/storage/names does. */
export function generateName(base: string, random: () => number): string {
  const suffix = Array.from({ length: 5 }, () => SUFFIX_ALPHABET[Math.floor(random() * SUFFIX_ALPHABET.length)]);
  return base.slice(0, GENERATED_BASE_MAX) + suffix.join('');
}
