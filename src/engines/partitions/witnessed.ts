import type { NodeAnswer, RedisCommand, RedisNode } from './node.js';

/** A command of a partition, and what its node said of its history right before and right after. */
export interface Witnessed {
  readonly reply: unknown;
  /** Absent, of a write only: the answer was lost. */
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * Asks a node for something between two questions which history it has: all in one turn, so over one connection in this
 * order. A read fails if any of them does; a write does if it failed itself.
 */
export async function askBetween(
  node: Pick<RedisNode, 'attempt'>,
  asked: {
    readonly seen: RedisCommand;
    readonly words: RedisCommand;
    readonly isRead: boolean;
    readonly isAsking: boolean;
  },
): Promise<NodeAnswer> {
  const { seen, words, isRead, isAsking } = asked;
  const all = [seen, words, seen].map((command) => node.attempt(command, isAsking));
  const [before, answer, after] = (await Promise.all(all)) as [NodeAnswer, NodeAnswer, NodeAnswer];
  if (!answer.ok) return answer;
  const lost = [before, after].find(({ ok }) => !ok);
  if (lost !== undefined && isRead) return lost;
  const replyOf = (one: NodeAnswer): unknown => (one.ok ? one.reply : undefined);
  const reply: Witnessed = { reply: answer.reply, before: replyOf(before), after: replyOf(after) };
  return { ok: true, reply };
}
