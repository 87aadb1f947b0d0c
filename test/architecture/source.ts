// What the rules look at in one TypeScript file: its imports, its exports and the names it calls. Syntax only, no types.
import ts from 'typescript';

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** Every module that a file names: static, type-only, re-exported and dynamic imports. */
export function importsOf(text: string): Import[] {
  const found: Import[] = [];
  walk(parse(text), (node, source) => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) found.push({ specifier, line: lineOf(node, source) });
  });
  return found;
}

function specifierOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return textOf(node.moduleSpecifier);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return textOf(node.argument.literal);
  if (!ts.isCallExpression(node)) return undefined;
  const isRequire = ts.isIdentifier(node.expression) && node.expression.text === 'require';
  const isDynamic = node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isRequire || isDynamic ? textOf(node.arguments[0]) : undefined;
}

function textOf(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

/** Lines with a default export, in any of its three spellings. */
export function defaultExportsOf(text: string): number[] {
  const lines: number[] = [];
  walk(parse(text), (node, source) => {
    const isDefault =
      ts.isExportAssignment(node) ||
      node.kind === ts.SyntaxKind.DefaultKeyword ||
      (ts.isExportSpecifier(node) && node.name.text === 'default');
    if (isDefault && !isSwitchDefault(node)) lines.push(lineOf(node, source));
  });
  return lines;
}

function isSwitchDefault(node: ts.Node): boolean {
  return ts.isDefaultClause(node) || ts.isDefaultClause(node.parent);
}

export interface NameUse {
  /** As written: `Date.now`, `setTimeout`, and `new Date()` for the call without arguments. */
  readonly name: string;
  readonly line: number;
}

/** Every name that a file uses as a value, outermost first: `a.b.c`, `a.b` and `a` count as three. */
export function namesOf(text: string): NameUse[] {
  const found: NameUse[] = [];
  walk(parse(text), (node, source) => {
    const name = nameOf(node, source);
    if (name !== undefined) found.push({ name, line: lineOf(node, source) });
  });
  return found;
}

function nameOf(node: ts.Node, source: ts.SourceFile): string | undefined {
  if (ts.isNewExpression(node) && (node.arguments?.length ?? 0) === 0)
    return `new ${node.expression.getText(source)}()`;
  if (ts.isPropertyAccessExpression(node)) return node.getText(source);
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) return node.expression.text;
  if (ts.isImportSpecifier(node)) return (node.propertyName ?? node.name).text;
  return undefined;
}

function parse(text: string): ts.SourceFile {
  return ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true);
}

function walk(source: ts.SourceFile, visit: (node: ts.Node, source: ts.SourceFile) => void): void {
  const descend = (node: ts.Node): void => {
    visit(node, source);
    ts.forEachChild(node, descend);
  };
  descend(source);
}

function lineOf(node: ts.Node, source: ts.SourceFile): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}
