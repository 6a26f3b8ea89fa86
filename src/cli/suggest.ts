/** Words that people type for something else: other languages, other forms, other programs. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  servidor: ['server', 'serve', 'start', 'run'],
  cliente: ['client'],
  exporta: ['export', 'dump', 'backup'],
  importa: ['import', 'restore', 'load'],
  chave: ['key', 'keys', 'keygen'],
  credencial: ['credential', 'credentials', 'user', 'users'],
  certificados: ['certificates', 'cert', 'certs', 'certificado'],
  historico: ['history', 'versions', 'versoes', 'log'],
  lista: ['list', 'ls', 'keys', 'scan', 'range'],
  conta: ['count', 'wc'],
  observa: ['watch', 'subscribe', 'tail', 'assina'],
  estado: ['status', 'state', 'info', 'stat'],
  compara: ['compare', 'cas', 'txn'],
  expira: ['expire', 'ttl', 'touch', 'persist'],
  apara: ['trim', 'compact'],
  shell: ['repl', 'interativo', 'console'],
  completa: ['completions', 'complete'],
  man: ['manual', 'manpage'],
  quieto: ['quiet', 'silent', 'silencioso'],
  arquivo: ['file', 'input'],
  prefixo: ['prefix'],
  limite: ['limit'],
  desde: ['since', 'token', 'resume'],
  em: ['at', 'when', 'time'],
  versao: ['version', 'rev', 'revision'],
  insere: ['insert', 'inclui', 'grava', 'set', 'add', 'write', 'adiciona'],
  consulta: ['query', 'read', 'busca', 'le', 'lê', 'obtem'],
  remove: ['delete', 'rm', 'apaga', 'exclui', 'erase'],
  get: ['read', 'query', 'obtem'],
  put: ['set', 'write', 'insert'],
  del: ['delete', 'rm', 'erase'],
  getall: ['mget'],
  valor: ['value', 'val'],
  val: ['value', 'name', 'nome'],
  key: ['id'],
  ver: ['version'],
  endereco: ['host', 'server', 'servidor', 'ip'],
  host: ['address', 'endereco', 'bind'],
  prazo: ['timeout', 'deadline'],
  servidores: ['servers', 'hosts'],
  operacao: ['op', 'operation'],
  op: ['operacao', 'operation', 'o'],
  sim: ['yes', 'force', 'y', 'f'],
  simula: ['dry-run', 'dryrun', 'simulate'],
  sessao: ['session'],
  dados: ['data', 'data-dir', 'dir'],
  frota: ['fleet', 'cluster'],
  create: ['cria', 'insere', 'add', 'new', 'novo'],
  update: ['altera', 'edita', 'edit'],
  delete: ['remove', 'del', 'apaga'],
};

/** The name that was probably meant; `undefined` if none is close. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const word = given.toLowerCase();
  const same = names.find((name) => name.toLowerCase() === word);
  if (same !== undefined) return same;
  // `inserir`, `consultar`, `remover`: the other forms of a verb.
  const stem = word.replace(/(r|ndo|do)$/, '');
  const meant =
    names.find((name) => SYNONYMS[name]?.includes(word)) ??
    names.find((name) => stem.length >= 4 && (name === stem || name === stem.replace(/i$/, 'e')));
  if (meant !== undefined) return meant;
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const name of names) {
    const changes = distance(word, name.toLowerCase());
    // With one changed letter, a name of one or two letters could be any other.
    if (changes < fewest && changes < Math.max(word.length, name.length) / 2)
      [best, fewest] = [name, changes];
  }
  return best;
}

/** Edit distance: insertions, deletions, changes and swaps of neighbours (optimal string alignment). */
function distance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= to.length; j++) {
      const other = from[i - 1] === to[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row[j] = Math.min(
        at(i - 1, j) + 1,
        at(i, j - 1) + 1,
        at(i - 1, j - 1) + other,
        ...(swapped ? [at(i - 2, j - 2) + 1] : []),
      );
    }
  }
  return at(from.length, to.length);
}
