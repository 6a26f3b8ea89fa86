import { expect, it } from 'vitest';
import { ownCommand } from '../../src/cli/own-command.js';

it.each([
  ['/home/maria/kvs/bin/kvs', '/usr/bin:/bin', '/home/maria/kvs', 'bin/kvs'],
  ['/home/maria/kvs/bin/kvs', '/usr/bin:/bin', '/home/maria/kvs/bin', './kvs'],
  ['/home/maria/kvs/bin/kvs', '/usr/bin:/bin', '/home/maria/aula', '/home/maria/kvs/bin/kvs'],
  ['/usr/local/bin/kvs', '/usr/local/bin/:/bin', '/home/maria', 'kvs'],
  ['/home/maria/kvs/bin/kvs', '/bin::bin', '/home/maria/kvs', 'kvs'],
])('whoever started %s, with PATH=%s, in %s, types %s', (path, searchPath, cwd, command) => {
  expect(ownCommand(path, searchPath, cwd)).toBe(command);
});
