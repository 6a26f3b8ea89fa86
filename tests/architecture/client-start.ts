import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** What starting with a module loads: modules of src by path without extension, and packages. */
interface Loaded {
  readonly modules: ReadonlySet<string>;
  readonly packages: ReadonlySet<string>;
}

/** Follows the static imports of values from modules of src; what is imported on demand is not loaded. */
export function loadedWith(source: string, starts: readonly string[]): Loaded {
  const modules = new Set<string>();
  const packages = new Set<string>();
  const visit = (module: string): void => {
    if (modules.has(module)) return;
    modules.add(module);
    for (const name of valueImports(readFileSync(join(source, `${module}.ts`), 'utf8'))) {
      if (name.startsWith('.')) visit(join(module, '..', name).replace(/\.js$/, ''));
      else if (!name.startsWith('node:')) packages.add(name);
    }
  };
  for (const start of starts) visit(start);
  return { modules, packages };
}

/** The modules that a source loads when it is loaded: types, and `import()`, are none. */
export function valueImports(text: string): string[] {
  const { statements } = ts.createSourceFile('a.ts', text, ts.ScriptTarget.Latest);
  return statements.flatMap((statement) => {
    const isTypes = ts.isImportDeclaration(statement)
      ? statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : ts.isExportDeclaration(statement) && statement.isTypeOnly;
    if (isTypes || !(ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement))) return [];
    const { moduleSpecifier } = statement;
    return moduleSpecifier !== undefined && ts.isStringLiteral(moduleSpecifier) ? [moduleSpecifier.text] : [];
  });
}
