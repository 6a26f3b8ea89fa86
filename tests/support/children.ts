import type { ChildProcess } from 'node:child_process';

const live = new Set<ChildProcess>();

/** Sees to it that a child ends with this process, however that is cut: a test must leave nothing behind. */
export function endsWithTest(child: ChildProcess): void {
  live.add(child);
  child.once('exit', () => live.delete(child));
}

function killAll(): void {
  for (const child of live) child.kill('SIGKILL');
}

process.once('exit', killAll);
process.once('disconnect', killAll);
process.once('SIGTERM', () => {
  killAll();
  process.exit(1);
});
