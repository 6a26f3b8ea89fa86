/**
 * Every limit of the product, in one place. Units come last in each name. The relations between limits are asserted when
 * the module loads: `limit-relations.ts` has them with their reasons.
 */
import { assertRelations } from './limit-relations.js';

const KiB = 1024;
const MiB = 1024 * KiB;

export const limits = Object.freeze({
  /** Longest key, in UTF-8 bytes. */
  keyBytes: 64 * KiB,
  /** Longest value, in UTF-8 bytes. */
  valueBytes: 64 * KiB,
  /** Shortest key and value of the kvs.KVS door, in characters, unless an option changes it (contract, section 1). */
  doorMinimumChars: 3,
  /**
   * Keys ever seen: their counters are never freed. Local inserts of new keys are refused beyond. Well below the 2²⁴
   * entries of a JavaScript Map, since peers' inserts are never refused.
   */
  keys: 10_000_000,
  /** Entries in the store. Local inserts are refused beyond. */
  entries: 30_000_000,
  /** Entries of one key. Local inserts are refused beyond. */
  entriesPerKey: 1_000_000,
  /** Estimated bytes of all keys and values. Local inserts are refused beyond. */
  storeBytes: 3 * 1024 * MiB,
  /** Greatest version: the contract's int32. */
  version: 2 ** 31 - 1,
  /** Greatest timestamp that is accepted from anyone: the last date that ECMAScript can express. */
  timestampMs: 8.64e15,
  /**
   * Incarnations of servers that have ever written, known to one store. A further one refuses its own writes, and a
   * peer's batch of one is not applied.
   */
  origins: 2048,
  /** Entries of a vector on the wire: fleets that grew apart may together know more origins than each may. */
  vectorEntries: 8192,
  /** Origins in the per-key causal context of one insert; the dots of the heads are always in, whatever their number. */
  contextEntries: 16,
  /** Parts of the key space, each with a rolling hash of its own. A power of two. */
  parts: 1024,

  /** A batch is closed before its JSON exceeds this. A single larger mutation goes alone. */
  batchBytes: 256 * KiB,
  /** Mutations in one batch. */
  batchMutations: 4096,
  /** Largest payload that is sent or accepted: what NATS takes by default, the least of the known brokers. */
  payloadBytes: 1 * MiB,
  /**
   * Batches handed to the bus and not yet settled; beyond, batches grow and queue. Few, so that under load one message
   * carries what is written while another is on its way: a message costs as much as dozens of mutations.
   */
  outboxBatches: 2,
  /** Messages that one connection to a broker may have under way, for batches and for others each. */
  publishWindow: 64,
  /** Closed batches waiting for their turn; beyond, they go to the log alone and peers ask for them. */
  outboxQueuedBatches: 1024,
  outboxQueuedBytes: 16 * MiB,
  /** Recent batches kept for peers that missed them: bytes and mutations, whichever comes first. */
  logBytes: 32 * MiB,
  logMutations: 65_536,
  logBatches: 65_536,
  /** Batches that wait for their causes: a cache, the oldest is dropped first. */
  heldBatches: 4096,
  heldBytes: 32 * MiB,
  /**
   * A page of the log or of the state is closed before its JSON exceeds this. Large, since pages are pulled one by one
   * and a broker that does not switch off Nagle's algorithm adds 40 ms to each.
   */
  pageBytes: 768 * KiB,
  /** News beside which a state page may hold a single entry of any size. */
  pageNewsBytes: 160 * KiB,
  /** Mutations remembered while a state is staged, for the parts that were equal and are not staged. */
  stageReplayMutations: 1_000_000,
  /** Vector entries in a presence message. */
  presenceEntries: 64,
  /** Peers remembered; the one silent for longest is forgotten first. */
  peers: 256,

  /** Presence is announced this often, ±25 %. */
  presenceIntervalMs: 2_000,
  /** A peer silent for this long is taken for gone. */
  peerSilentMs: 10_000,
  /** How long a difference of vectors may last before it is repaired: batches in flight settle it by themselves. */
  repairPatienceMs: 100,
  /** A request to a peer is given up after this. */
  requestTimeoutMs: 2_000,
  /** Where nobody serves within this, the lowest origin serves first. */
  joinPatienceMs: 2_000,
  /** A server that stops waits this long for a peer to have all that it wrote. */
  handOverMs: 3_000,
  /** A server that was joining from a peer and lost sight of everyone serves what it has after this. */
  joinGiveUpMs: 30_000,
  /** A peer that answered a request with nothing new is not asked again within this. */
  peerCooldownMs: 1_000,
  /** Repeats of one page request before the whole transfer is given up. */
  pageRetries: 2,
  /** A new peer is greeted with a presence within this, chosen at random. */
  greetingJitterMs: 50,
  /** A writer whose clock is further ahead of every peer's refuses its own writes. */
  clockDriftMs: 60_000,

  /** Requests of which a server remembers what became of them: so many, and for so long after it last heard of each. */
  requests: 100_000,
  requestAgeMs: 300_000,
  /** How far the clocks of clients may be from those of servers, where the age of a request decides. */
  requestSkewMs: 2_000,
  /** Whoever did not write the attempt that stands removes another that is still there after this, with jitter. */
  requestUndoMs: 2_000,
  /** Entries that wait to be removed for such a reason; further ones are looked for again when these are gone. */
  requestUndos: 10_000,

  /** Writes that wait for the disk; beyond, further ones are refused. */
  journalQueuedWrites: 65_536,
  journalQueuedBytes: 64 * MiB,
  /** What goes to the disk in one sync: mutations written here, and their bytes. */
  journalGroupMutations: 4096,
  journalGroupBytes: 4 * MiB,
  /** Received batches that wait for the disk; beyond, what they changed is written as state instead. */
  journalReceivedBytes: 16 * MiB,
  /** The journal's log is folded into its state when it is longer than this: what a restart must replay. */
  journalLogBytes: 16 * MiB,
  journalLogMutations: 32_768,
  /** Changed rows remembered for the state on disk; beyond, all of it is written anew. */
  journalChangedRows: 2_000_000,
  /** Rows written to the state on disk before others get their turn. */
  journalRowsPerTurn: 1_024,
  /** A disk that refused a write is tried again this often. */
  journalRetryMs: 1_000,

  /** Longest session token: trailers share the few KiB that HTTP/2 peers allow for headers. */
  sessionTokenBytes: 4 * KiB,
  /** A call whose session is ahead of the server waits this long for the server to catch up. */
  sessionWaitMs: 1_500,
  /** Calls that wait for that at once; a further one is sent away at once. */
  sessionWaiters: 4096,
  /** Most other servers that a write may ask to be confirmed by. */
  confirmServers: 255,
  /** How long a write waits for its confirmations if its caller does not say, and at most. */
  confirmMs: 5_000,
  confirmMsMax: 60_000,
  /** Writes that wait for their confirmations at once; a further one is refused before it is done. */
  confirmWaiters: 65_536,
  /** Servers that have not confirmed are asked again this often, in case they missed the question or the write. */
  confirmRepeatMs: 250,

  /** What an export remembers of entries that go before it has come by: beyond, it must begin again. */
  pointViewBytes: 64 * MiB,
  /** What one of them costs beside its value. */
  pointViewEntryBytes: 128,

  /** MQTT keep-alive: a broker that says nothing is given up after one and a half of these. */
  brokerKeepaliveSeconds: 5,
  /** From the first byte to the acknowledged subscriptions; beyond, the broker counts as unreachable. */
  brokerConnectMs: 3_000,
  /** A publish that the broker has not acknowledged within this is reported as not taken. */
  publishTimeoutMs: 5_000,
  /** First pause between two rounds over the brokers; it doubles with every failed round, with jitter. */
  reconnectBaseMs: 100,
  /** Longest pause between two rounds over the brokers. */
  reconnectCapMs: 5_000,
  /** A connection that lasted this long starts the pauses from the first again. */
  reconnectStableMs: 5_000,
  /** How often a server on a broker of lower preference tries the better ones, ±25 %. */
  brokerReturnMs: 60_000,
  /** Invalid messages and failed attempts are summed up this often while they last. */
  burstLogMs: 10_000,
  /** The embedded broker drops a subscriber that has not read for this long, so that it cannot hold up the others. */
  brokerDrainMs: 3_000,
  /** Connections that the embedded broker holds at once; a further one takes the place of one that has not logged in. */
  brokerConnections: 1_024,
  /** Of these, connections of users who are no servers: further ones are refused. */
  brokerUserConnections: 768,
  /** Subscriptions of one client of the embedded broker; further ones are refused. */
  brokerSubscriptions: 64,
  /** Messages of QoS 2 that one of its clients may have begun and not finished; beyond, it is cut. */
  brokerInflight: 64,
  /** What it keeps for a user, no server, who does not read; beyond, that one is cut. */
  brokerUnreadBytes: 2 * MiB,
  /** Taking leave of the broker may take this long. */
  busStopMs: 2_000,

  /** Keys of a fleet that are valid at once: the one that seals, and the one before or after it. */
  fleetKeys: 2,
  /** Shortest and longest key of a fleet. */
  fleetKeyBytesMin: 32,
  fleetKeyBytesMax: 1024,
  /** What a seal adds to a payload, at most. */
  sealBytes: 256,
  /** Counters below a sender's greatest that may still arrive, each once. */
  replayWindow: 64,
  /** Keys derived for the incarnations of peers and kept; one more costs two derivations. */
  sealKeysKept: 1024,
  /** Incarnations that have answered this one. They are never forgotten, or their old messages would count again. */
  verifiedOrigins: 65_536,
  /** Incarnations that have not, and how often each was challenged; the oldest is forgotten first. */
  suspects: 16_384,
  /** Who has not answered a challenge within this has not answered. */
  challengeTimeoutMs: 2_000,
  /**
   * Pauses between two challenges to one incarnation: the first, four times as long each time, up to the last. Long, so
   * that thousands of dead ones replayed without end leave room for those who live.
   */
  challengeRetryMs: 1_000,
  challengeRetryCapMs: 64_000,
  /** Challenges to all: so many at once, and so many in a second. */
  challengesAtOnce: 1_000,
  challengesPerSecond: 1_000,
  /** Batches that wait for their origin's answer, and their bytes: a cache, the oldest is dropped first. */
  unverifiedBatches: 256,
  unverifiedBytes: 8 * MiB,

  /** Keys that one commit of an engine may write: each is four operations in etcd, which takes 128 by default. */
  commitWrites: 30,
  /** Keys that one commit may guard. */
  commitGuards: 60,
  /** UTF-8 bytes of all keys and values that a commit names. */
  commitBytes: 160 * KiB,

  /** Fewest characters of an identifier and of a name in the portal (contract, section 4). */
  portalMinimumChars: 4,
  /** Longest identifier in the portal, in UTF-8 bytes. Keys join two, one of them escaped. */
  portalIdentifierBytes: 1024,
  /** Longest name in the portal, in UTF-8 bytes. */
  portalNameBytes: 4 * KiB,
  /** A change that loses the race against others is tried again for this long. */
  portalRetryMs: 10_000,
  /** Records of one report asked for at once, where each is a question to other machines. */
  portalReadsAtOnce: 32,
  /** Versions of the key that orders a class's enrolments; beyond, the old ones are removed. */
  portalSeatVersions: 16,
  /** Whoever has become the portal's gateway acts after this: what the one before had under way arrives first. */
  portalTakeoverMs: 2_500,
  /** How often a portal server looks whether it is the gateway. */
  portalRoleMs: 250,
  /** A message from outside that nobody has applied, and a change that nobody has shown, are remembered for this long. */
  portalHoldMs: 15_000,
  /** Messages from outside remembered or waiting to be applied, changes waiting to be shown; beyond, the oldest goes. */
  portalMessages: 10_000,
  /** Longest payload on the portal's topics, in bytes: `portalMessages` of them are remembered by every portal server. */
  portalPayloadBytes: 16 * KiB,
  /** Refused messages of which each has a line of its own in the log, in one period of `burstLogMs`. */
  portalRefusalsLogged: 50,
  /** After a change, a class is looked at for enrolments beyond its places within this. */
  portalSweepMs: 200,
  /** Classes and people remembered for that look; beyond, everything is looked at. */
  portalSweepItems: 10_000,

  /** From the beginning of a connection until both sides have agreed on TLS or, without it, the client has begun to speak. */
  handshakeMs: 10_000,
  /** Connections of one port that have not come that far; beyond, the oldest is closed. */
  handshakes: 1024,

  /** Largest file of certificates or of a key. */
  tlsFileBytes: 4 * MiB,

  /** Connections of clients of gRPC at once, streams of one and of all; a further one is closed, held back, refused. */
  grpcConnections: 4096,
  streamsPerConnection: 1024,
  grpcStreams: 32_768,
  /** Watches of health at once, which nobody needs a credential for; a further one is refused. */
  healthWatches: 1024,
  /** Longest gRPC message that a door takes. */
  grpcMessageBytes: 1 * MiB,
  /** Bytes of the metadata of one gRPC call, by what HTTP/2 counts: other implementations take 8 to 16 KiB by default. */
  grpcMetadataBytes: 16 * KiB,
  /** On all connections of a server: bytes of requests that have not come in whole, of answers not taken; the oldest gives way. */
  grpcUnfinishedBytes: 128 * MiB,
  grpcUnreadBytes: 512 * MiB,
  /** Requests of one stream that wait for the engine at once, where it takes them in order. */
  requestsPerStream: 1024,
  /** A client connection is asked for a sign of life this often, and closed if none comes in time. */
  grpcKeepaliveMs: 30_000,
  grpcKeepaliveTimeoutMs: 10_000,
  /** Time that a drain may take before what is left is cut. */
  drainMs: 5_000,

  /** Credentials in one file, what one of them may list, and the file's size. */
  accessCredentials: 4096,
  accessPrefixes: 64,
  accessPrefixBytes: 4 * KiB,
  accessCertificates: 16,
  accessFileBytes: 4 * MiB,
  /** Longest secret that is looked at: those that are given out have 43 characters. */
  accessSecretChars: 128,
  /** Longest token, with its name; and longest subject of a client certificate. */
  accessTokenChars: 256,
  accessSubjectChars: 1024,
  /** Memory of one slow hash: less would not be slow, more would let a file ask for gigabytes. */
  accessHashBytesMin: 16 * MiB,
  accessHashBytes: 64 * MiB,
  /** Times that one slow hash may go over its memory. */
  accessHashPasses: 4,
  /** Slow hashes at work, of the four threads that the process has for such things, and waiting for their turn. */
  accessHashesAtOnce: 2,
  accessHashesQueued: 64,
  /** A verified token is taken without another slow hash for this long; it is exempt from limits for twice that. */
  accessRememberMs: 300_000,
  accessRemembered: 10_000,
  /** Logins that may fail in a row from one address and altogether, */
  accessAttemptsPerAddress: 10,
  accessAttempts: 100,
  /** and how long until one more may, of one address and altogether. */
  accessAttemptMs: 1_000,
  accessAttemptOverallMs: 100,
  /** Addresses whose attempts are remembered; beyond, the one silent for longest is forgotten. */
  accessAddresses: 10_000,

  /** Longest `Mensagem`: one line of JSON, in bytes. */
  mensagemLineBytes: 1 * MiB,
  /**
   * Bytes of unfinished lines on all connections of a server together, those of other servers apart; the connection that
   * passes it is closed.
   */
  mensagemPartialBytes: 64 * MiB,
  /** Connections of clients; a further one is told so and closed. Those of the other servers have places of their own. */
  mensagemConnections: 1024,
  mensagemServerConnections: 64,
  /** A connection on which nothing happens for this long is told so and closed. */
  mensagemIdleMs: 120_000,
  /** From the first byte of a line to its last. */
  mensagemLineMs: 30_000,
  /** Requests with an `id` in progress on one connection; the next is read when one has ended. */
  mensagemRequests: 1024,
  /** Keys whose timestamp a client of the leader system remembers; it takes no further ones. */
  mensagemClientKeys: 1_000_000,
  /** Servers of one system with a leader. */
  leaderServers: 16,
  /** Writes that wait for the other servers, and writes that nobody but the leader has; a further one is refused. */
  leaderPendingWrites: 16_384,
  /** Mutations on their way to one follower and not yet acknowledged; the rest wait in the leader's log. */
  leaderWindowMutations: 1024,
  leaderWindowBytes: 4 * MiB,
  /** The leader and a follower hear of each other at least this often, */
  leaderPingMs: 1_000,
  /** and a silence this long ends their connection. */
  leaderSilentMs: 10_000,
  /** A server that takes longer to accept a connection counts as unreachable. */
  leaderConnectMs: 1_000,
  /** Pauses between two attempts to reach a follower: the first, doubled up to the last, with jitter. */
  leaderRetryBaseMs: 50,
  leaderRetryCapMs: 1_000,
  /** A follower waits so much longer than the leader's own deadline for an answer to what it forwarded. */
  leaderForwardMarginMs: 1_000,
  /** A server that stops waits this long for the acknowledgements of writes in progress. */
  leaderStopMs: 2_000,
});

assertRelations(limits);
