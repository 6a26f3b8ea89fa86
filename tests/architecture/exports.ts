import { join, normalize } from 'node:path/posix';
import ts from 'typescript';

/** A file of the project: its path from the root, with `/`, and its text. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

interface Exported {
  readonly file: string;
  readonly name: string;
  readonly isType: boolean;
}

/** Stands for all names of a module: `import * as x`, `await import()`, `export *`. */
const ALL = '*';

/** What files of src and panel/src export, and who imports it. */
export class ExportTable {
  readonly exports: readonly Exported[];
  /** Importing files by `file#name`, the file without its ending. */
  private readonly importers = new Map<string, Set<string>>();

  constructor(files: readonly SourceFile[]) {
    const trees = files.map(({ file, text }) => ({
      file,
      tree: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true),
    }));
    this.exports = trees
      .filter(({ file }) => /^(src|panel\/src)\//.test(file))
      .flatMap(({ file, tree }) => declaredExports(tree).map((one) => ({ file, ...one })));
    for (const { file, tree } of trees) {
      for (const [module, name] of importedNames(tree)) {
        const target = normalize(join(file, '..', module)).replace(/\.js$/, '');
        const key = `${target}#${name}`;
        this.importers.set(key, (this.importers.get(key) ?? new Set()).add(file));
      }
    }
  }

  /** Exports that no other file imports. */
  unused(): string[] {
    return this.exports.filter((one) => this.importersOf(one).length === 0).map(textOf);
  }

  /** Values that tests import and no program does. (A type may be exported for them: it costs nothing.) */
  forTestsOnly(): string[] {
    return this.exports
      .filter(({ isType }) => !isType)
      .filter((one) => {
        const importers = this.importersOf(one);
        return importers.length > 0 && importers.every((file) => file.startsWith('tests/'));
      })
      .map(textOf);
  }

  /** Names that more than one file exports. */
  homonyms(): string[] {
    const files = new Map<string, Set<string>>();
    for (const { file, name } of this.exports) files.set(name, (files.get(name) ?? new Set()).add(file));
    return [...files]
      .filter(([, { size }]) => size > 1)
      .map(([name, where]) => `${name}: ${[...where].join(', ')}`);
  }

  private importersOf({ file, name }: Exported): readonly string[] {
    return [name, ALL].flatMap((one) => [
      ...(this.importers.get(`${file.replace(/\.tsx?$/, '')}#${one}`) ?? []),
    ]);
  }
}

function textOf({ file, name }: Exported): string {
  return `${file} ${name}`;
}

function declaredExports(tree: ts.SourceFile): Omit<Exported, 'file'>[] {
  return tree.statements.flatMap((statement): Omit<Exported, 'file'>[] => {
    if (!ts.canHaveModifiers(statement)) return [];
    const isExported = ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (isExported !== true) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations
        .flatMap(({ name }) => (ts.isIdentifier(name) ? [name] : name.elements.flatMap(boundName)))
        .map(({ text }) => ({ name: text, isType: false }));
    }
    const { name } = statement as ts.FunctionDeclaration | ts.ClassDeclaration | ts.InterfaceDeclaration;
    const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
    return name === undefined ? [] : [{ name: name.text, isType }];
  });
}

function boundName(element: ts.ArrayBindingElement): ts.Identifier[] {
  return ts.isBindingElement(element) && ts.isIdentifier(element.name) ? [element.name] : [];
}

/** Modules of the project that a file imports or exports again, each with a name, or with {@link ALL}. */
function importedNames(tree: ts.SourceFile): (readonly [module: string, name: string])[] {
  const found: (readonly [string, string])[] = [];
  const note = (module: ts.Node | undefined, names: readonly string[]): void => {
    if (module === undefined || !ts.isStringLiteral(module) || !module.text.startsWith('.')) return;
    for (const name of names) found.push([module.text, name]);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const bindings = node.importClause?.namedBindings;
      note(
        node.moduleSpecifier,
        bindings && ts.isNamedImports(bindings) ? bindings.elements.map(foreignName) : [ALL],
      );
    } else if (ts.isExportDeclaration(node)) {
      const clause = node.exportClause;
      note(
        node.moduleSpecifier,
        clause && ts.isNamedExports(clause) ? clause.elements.map(foreignName) : [ALL],
      );
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      note(node.arguments[0], [ALL]);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      note(node.argument.literal, [ALL]);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function foreignName({ propertyName, name }: ts.ImportSpecifier | ts.ExportSpecifier): string {
  return (propertyName ?? name).text;
}
