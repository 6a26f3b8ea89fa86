import type { limits as Limits } from './limits.js';

const KiB = 1024;

// JSON writes a control character as \u0000: six bytes for one.
const worstJsonFactor = 6;
// An origin of 12 characters, a seq of 16 digits, quotes, brackets and commas.
const vectorEntryBytes = 40;

/** How limits depend on each other. @throws Error with the reason of the first that does not hold */
export function assertRelations(limits: typeof Limits): void {
  assertRelation(
    worstJsonFactor * (limits.keyBytes + limits.valueBytes) +
      limits.origins * vectorEntryBytes +
      limits.pageNewsBytes +
      limits.sealBytes +
      4 * KiB <=
      limits.payloadBytes,
    'the largest single mutation with the largest context must fit a payload, also sealed or beside the news of a state page',
  );
  assertRelation(
    Math.max(limits.batchBytes, limits.pageBytes) + limits.sealBytes < limits.payloadBytes,
    'batches and pages',
  );
  assertRelation(
    limits.presenceEntries * vectorEntryBytes < limits.pageBytes,
    'a presence is a small message',
  );
  assertRelation(
    limits.keys * 1.5 < 2 ** 24,
    'what several servers insert at once must still fit the key index',
  );
  assertRelation(
    limits.vectorEntries * vectorEntryBytes < limits.payloadBytes / 2,
    'a request carries a whole vector',
  );
  assertRelation(
    limits.journalGroupMutations <= limits.batchMutations,
    'a group is kept as one batch, which must be read again',
  );
  assertRelation(
    limits.confirmServers < limits.peers,
    'whoever may have to confirm a write is among the peers remembered',
  );
  assertRelation(
    limits.confirmMs <= limits.confirmMsMax && limits.confirmRepeatMs < limits.confirmMs,
    'who missed a question hears it again in time',
  );
  assertRelation(
    limits.sessionWaitMs < limits.presenceIntervalMs,
    'a call that waits for its session is answered within the times of its clients',
  );
  assertRelation(limits.journalChangedRows < 2 ** 24, 'changed rows are the keys of one Map');
  assertRelation((limits.parts & (limits.parts - 1)) === 0, 'parts are chosen by bits of a hash');
  assertRelation(
    limits.sessionTokenBytes + limits.accessTokenChars + 2 * KiB <= limits.grpcMetadataBytes,
    'a call brings its session, its token and what clients say of themselves',
  );
  assertRelation(
    limits.keyBytes + limits.valueBytes < limits.grpcMessageBytes,
    'a legal request must reach its check',
  );
  assertRelation(
    limits.peerSilentMs > 3 * limits.presenceIntervalMs,
    'one lost presence does not make a peer gone',
  );
  assertRelation(
    limits.brokerDrainMs < limits.publishTimeoutMs,
    'a frozen subscriber must not fail the publishes of others',
  );
  assertRelation(
    // Each has one connection for the fleet and one for the portal's topics.
    limits.brokerUserConnections + 32 <= limits.brokerConnections,
    'users leave the servers of a fleet places at their broker',
  );
  assertRelation(
    limits.outboxBatches < limits.publishWindow,
    'a publish without an answer must not hold up batches',
  );
  assertRelation(
    worstJsonFactor * (limits.keyBytes + limits.valueBytes) + limits.origins * vectorEntryBytes + 4 * KiB <=
      limits.mensagemLineBytes && limits.pageBytes < limits.mensagemLineBytes,
    'the largest mutation and a page of a state must each fit a Mensagem',
  );
  assertRelation(
    limits.leaderWindowBytes > limits.mensagemLineBytes && limits.leaderWindowBytes < limits.logBytes,
    'a window holds any mutation, and the log any window',
  );
  assertRelation(
    // In CSV a quotation mark is written twice, and a field between two; then commas and the places.
    2 * (limits.portalIdentifierBytes + limits.portalNameBytes) + 64 < limits.portalPayloadBytes,
    'whatever the portal takes can be asked for by a message',
  );
  assertRelation(limits.leaderSilentMs > 3 * limits.leaderPingMs, 'one late ping does not end a connection');
  assertRelation(limits.leaderPendingWrites < limits.logMutations, 'what waits for a follower is in the log');
  assertRelation(limits.leaderStopMs <= limits.busStopMs, 'leaving is part of a drain');
  assertRelation(
    4 * limits.portalIdentifierBytes + 64 < limits.keyBytes &&
      worstJsonFactor * limits.portalNameBytes + 256 < limits.valueBytes,
    'what the portal stores must fit keys and values',
  );
  assertRelation(
    limits.portalHoldMs > limits.peerSilentMs + limits.portalTakeoverMs,
    'what a gateway that died has not applied is remembered until another has taken over',
  );
  assertRelation(
    limits.accessHashBytesMin <= limits.accessHashBytes && limits.accessHashesAtOnce < 4,
    'slow hashes leave threads for files and names',
  );
  assertRelation(
    limits.accessPrefixBytes <= limits.keyBytes &&
      limits.accessSecretChars + 64 + 8 < limits.accessTokenChars,
    'a prefix may be a whole key, and a token holds a name and a secret',
  );
  assertRelation(limits.commitWrites * 4 + 4 <= 128, 'a commit must fit a transaction of etcd');
  assertRelation(
    limits.keyBytes + limits.valueBytes <= limits.commitBytes &&
      worstJsonFactor * limits.commitBytes + 64 * (limits.commitWrites + limits.commitGuards) <=
        limits.mensagemLineBytes,
    'a commit holds any single write, and fits a Mensagem',
  );
  assertRelation(
    limits.commitWrites <= limits.journalGroupMutations,
    'a commit is kept as part of one batch',
  );
  assertRelation(
    limits.commitWrites < limits.leaderWindowMutations && limits.mensagemLineBytes < limits.leaderWindowBytes,
    'a commit fits the window of a follower',
  );
  assertRelation(limits.reconnectBaseMs < limits.reconnectCapMs, 'pauses grow');
  assertRelation(
    limits.peers <= limits.challengesAtOnce &&
      limits.suspects < (limits.challengeRetryCapMs / 1000) * limits.challengesPerSecond,
    'a fleet that starts at once is challenged at once, also beside as many dead as are remembered',
  );
  assertRelation(limits.unverifiedBytes > 2 * limits.payloadBytes, 'any batch may wait for its origin');
  assertRelation(limits.busStopMs < limits.drainMs, 'taking leave is part of a drain');
}

function assertRelation(holds: boolean, reason: string): void {
  if (!holds) throw new Error(`limits contradict each other: ${reason}`);
}
