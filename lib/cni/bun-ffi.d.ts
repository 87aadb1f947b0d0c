/** The part of Bun's foreign function interface that bun-socket.ts uses. */
declare module 'bun:ffi' {
  type Signature = { readonly args: readonly ('i32' | 'u32' | 'ptr')[]; readonly returns: 'i32' };

  export function dlopen<const Names extends string>(
    library: string,
    symbols: { readonly [name in Names]: Signature },
  ): { readonly symbols: { readonly [name in Names]: (...args: readonly number[]) => number } };

  /** The address of a view's memory; valid while the view is reachable. */
  export function ptr(view: ArrayBufferView): number;
}
