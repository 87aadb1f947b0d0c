/** nftables statements in nft(8)'s own words, as far as we use them; anything else is shown as its JSON. */
import type { NftJson } from './nft.ts';

type Fields = { readonly [key: string]: NftJson };
const SHORT_META = new Set(['iifname', 'oifname']);

const isFields = (value: NftJson | undefined): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: NftJson | undefined): string =>
  typeof value === 'string' || value === undefined ? (value ?? '') : JSON.stringify(value);

/** `iifname "vxlan0"`, `counter`, `meta mark set 0x00000000`, `drop`. */
export function renderStatement(statement: NftJson): string {
  if (!isFields(statement)) return text(statement);
  const { match, mangle } = statement;
  if (isFields(match)) return renderMatch(match);
  if (isFields(mangle)) return `${expression(mangle['key'])} set ${valueOf(mangle['key'], mangle['value'])}`;
  const [word, argument] = Object.entries(statement)[0] ?? ['', null];
  return argument === null ? word : text(statement);
}

/** nft leaves `==` out, except after an operation on bits. */
function renderMatch({ op, left, right }: Fields): string {
  const isShort = op === '==' && bitOperation(left) === undefined;
  return `${expression(left)} ${isShort ? '' : `${text(op)} `}${valueOf(left, right)}`;
}

/** A value is written as its key is: names in quotes, marks and raw bytes in hexadecimal. */
function valueOf(key: NftJson | undefined, value: NftJson | undefined): string {
  if (typeof value === 'string' && isName(key) && !value.startsWith('@')) return `"${value}"`;
  if (typeof value === 'number' && isRaw(key)) return `0x${value.toString(16)}`;
  if (typeof value === 'number' && isMark(key)) return hex(value);
  const members = isFields(value) ? value['set'] : undefined;
  return Array.isArray(members)
    ? `{ ${members.map((one: NftJson) => valueOf(key, one)).join(', ')} }`
    : expression(value);
}

const metaKey = (value: NftJson | undefined): string | undefined =>
  isFields(value) && isFields(value['meta']) ? text(value['meta']['key']) : undefined;
const isName = (value: NftJson | undefined): boolean => SHORT_META.has(metaKey(value) ?? '');
const isMark = (value: NftJson | undefined): boolean => metaKey(value) === 'mark' || bitOperation(value) !== undefined;
const isRaw = (value: NftJson | undefined): boolean =>
  isFields(value) && isFields(value['payload']) && 'base' in value['payload'];

const hex = (value: NftJson | undefined): string =>
  typeof value === 'number' ? `0x${value.toString(16).padStart(8, '0')}` : expression(value);

/** `meta mark & 0x00100000`; nothing for what is no operation. */
function bitOperation(value: NftJson | undefined): string | undefined {
  if (!isFields(value)) return undefined;
  const [operator = '', operands] = Object.entries(value)[0] ?? [];
  return Array.isArray(operands) && '&|^'.includes(operator) ? operands.map(hex).join(` ${operator} `) : undefined;
}

function expression(value: NftJson | undefined): string {
  if (!isFields(value)) return text(value);
  const { payload, concat, range, prefix } = value;
  const key = metaKey(value);
  if (key !== undefined) return isName(value) ? key : `meta ${key}`;
  if (isFields(payload)) return renderPayload(payload);
  if (isFields(prefix)) return `${text(prefix['addr'])}/${text(prefix['len'])}`;
  if (Array.isArray(concat)) return concat.map(expression).join(' . ');
  if (Array.isArray(range)) return range.map(expression).join('-');
  return bitOperation(value) ?? text(value);
}

const renderPayload = ({ protocol, field, base, offset, len }: Fields): string =>
  base === undefined ? `${text(protocol)} ${text(field)}` : `@${text(base)},${text(offset)},${text(len)}`;
