// Runs commands of the bundle, and keeps the code that V8 compiled for them beside it: what ran need not be compiled at a start.
// `node … tools/compile-command.cjs <bundle> <port on which nobody listens>`, with the options of Node that bin/kvs sets.
const { writeFileSync } = require('node:fs');
const process = require('node:process');
const { compiledName, load } = require('../bin/load-command.js');

const [, program, file, port] = process.argv;
const { cli, script } = load(file);
const COMMANDS = [
  ['--version'],
  ['completa', 'bash'],
  ['insere', 'chave', 'valor', '--porta', port, '--prazo', '300'],
  ['consulta', 'chave', '--porta', port, '--prazo', '300'],
  ['cliente', '--port', port, '-o', 'insere', '-k', 'chave', '-v', 'valor', '--prazo', '300'],
];

void (async () => {
  // What they say is of no interest; that they fail is meant.
  process.stdout.write = () => true;
  const said = [];
  process.stderr.write = (text) => said.push(text) > 0;
  for (const words of COMMANDS) {
    process.argv = [process.argv[0], program, ...words];
    await cli.main();
  }
  const unexpected = said.find((text) => !text.includes('conexão recusada'));
  if (unexpected !== undefined) throw new Error(unexpected);
  writeFileSync(compiledName(file), script.createCachedData());
  process.exitCode = 0;
})();
