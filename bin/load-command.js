// Loads the command line from one file with the compiled code that the build kept beside it (tools/build-command.mjs). Node of
// another version, or with other options than those of bin/kvs, compiles again: slower, and nothing else.
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { dirname } = require('node:path');
const { pathToFileURL } = require('node:url');
const { Script } = require('node:vm');

/**
 * @param {string} file the bundle
 * @returns {{ cli: { main: () => Promise<void> }, script: Script } | undefined} `undefined` if there is none
 */
exports.load = (file) => {
  const text = read(file, 'latin1');
  if (text === undefined) return undefined;
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname, loadOutside) {${text}\n})`,
    {
      filename: file,
      cachedData: read(exports.compiledName(file)),
    },
  );
  const module = { exports: {} };
  // Not `import` in the bundle itself: Node forgets whose it is where code was compiled before.
  const loadOutside = (name) => import(new URL(name, pathToFileURL(file)).href);
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file), loadOutside);
  return { cli: module.exports, script };
};

/** Where the compiled code of a bundle is kept. */
exports.compiledName = (file) => `${file}.compilado`;

function read(file, encoding) {
  try {
    return readFileSync(file, encoding);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
