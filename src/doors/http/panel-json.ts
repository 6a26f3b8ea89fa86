/**
 * The lines of `GET /v1/painel`: what the panel is fed by. Types only, so that a page may import them. Each line is one
 * JSON object; `tipo` says which. First one `inicio`, one `eventos` with what the log still has, and one `quadro`; then a
 * `quadro` once a second, and `eventos` as there are some, until the server leaves, the credential ends, or the reader is
 * too slow (`fim`). Fields may be added; a reader ignores lines and fields that it does not know.
 *
 * Times end with `_ms`: moments are ms since 1970 by this server's clock. Rates are per second, over the time since the
 * picture before. `null` means that it is not known, or that there is no such thing on this engine.
 */
export type PanelLineJson = PanelStartJson | PanelPictureJson | PanelEventsJson | PanelEndJson;

/** What does not change while the stream is open. */
export interface PanelStartJson {
  readonly tipo: 'inicio';
  readonly servidor: PanelServerJson;
  readonly quem: PanelCallerJson;
  /** What the engine can: the page offers only what works. */
  readonly capacidades: PanelAbilitiesJson;
  /** ms between two pictures. */
  readonly intervalo_ms: number;
}

interface PanelServerJson {
  /** Readable name: `--nome`, or the address. */
  readonly nome: string;
  /** `host:porta`. */
  readonly endereco: string;
  /** This start of this server; empty on engines without origins. */
  readonly origem: string;
  readonly motor: 'frota' | 'consenso' | 'lider' | 'particoes';
  /** Name of the fleet; of the engine, where there is none. */
  readonly frota: string;
  readonly versao_programa: string;
  readonly iniciado_ms: number;
}

/** The caller, and what it may do. */
export interface PanelCallerJson {
  /** False: the server has no credentials, and everybody may do everything. */
  readonly com_credenciais: boolean;
  /** Name of the credential; empty without. */
  readonly nome: string;
  readonly papel: 'leitura' | 'escrita' | 'administracao' | 'servidor' | null;
  /** Keys that begin with one of these; an empty text stands for every key. */
  readonly prefixos: readonly string[];
  readonly le: boolean;
  readonly escreve: boolean;
  readonly administra: boolean;
}

interface PanelAbilitiesJson {
  /** Concurrent versions stay side by side (siblings). */
  readonly irmas: boolean;
  /** Every answer reflects all writes that were acknowledged before. */
  readonly linearizavel: boolean;
  /** Data survive when all servers stop. */
  readonly duravel: boolean;
  /** `ttl` works. */
  readonly expira: boolean;
  /** `If-Match` and `If-None-Match` on PUT and DELETE work. */
  readonly compara: boolean;
  /** `GET /v1/observa` works. */
  readonly observa: boolean;
  /** `Idempotency-Key` works. */
  readonly lembra_pedidos: boolean;
  /** Where a commit of several keys is one step. */
  readonly transacoes: 'todos' | 'aqui' | 'nao';
}

/** How everything is now. */
export interface PanelPictureJson {
  readonly tipo: 'quadro';
  readonly agora_ms: number;
  /** The time that rates are of; 0: the first picture since somebody looks, in which all rates are 0. */
  readonly periodo_ms: number;
  /** Whether all servers that are known hold the same, as far as this one can tell. */
  readonly de_acordo: boolean;
  /** Another server with the same mutations has other content: this must never be. */
  readonly divergiu: boolean;
  /** Portuguese, for people: what needs attention. */
  readonly avisos: readonly string[];
  /** `null` on engines without a broker. */
  readonly broker: PanelBrokerJson | null;
  /** This server first (`eu`). On consensus also the replicas (`replica`), which are no servers of this program. */
  readonly servidores: readonly PanelPeerJson[];
  /** Servers that left lately and are not back, or fell silent, the latest first; empty where servers do not come and go. */
  readonly sairam: readonly PanelDepartedJson[];
  readonly dados: { readonly chaves: number; readonly versoes: number; readonly bytes: number };
  readonly limites: readonly PanelLimitJson[];
  /** Each condition of `/saude`; the first, `servidor`, is the server as a whole. */
  readonly saude: readonly { readonly nome: string; readonly bem: boolean }[];
  /** Calls, by door and operation, in a fixed order; only those that occurred since the start. */
  readonly chamadas: readonly PanelCallsJson[];
  readonly porta: PanelDoorJson;
  readonly processo: PanelProcessJson;
  readonly replicacao: PanelReplicationJson | null;
  readonly consenso: PanelConsensusJson | null;
  readonly lider: PanelLeaderJson | null;
  /** `null` unless the server was started with `--laboratorio`. */
  readonly laboratorio: PanelLaboratoryJson | null;
}

interface PanelBrokerJson {
  /** URL without secrets; empty while there is none. */
  readonly endereco: string;
  readonly conectado: boolean;
  /** This process runs it. */
  readonly aqui: boolean;
}

/** A server of the system, as this one sees it. */
export interface PanelPeerJson {
  readonly nome: string;
  readonly endereco: string;
  /** Empty where servers have none. */
  readonly origem: string;
  readonly eu: boolean;
  /** On consensus: a replica of the store. */
  readonly replica: boolean;
  /** Portuguese, as in `/v1/estado`: `atendendo`, `entrando`, `saindo`, `sem contato`, … */
  readonly estado: string;
  readonly versao_programa: string;
  /** Mutations that it lacks of those that this server has. */
  readonly atraso: number;
  /** When it was last heard; 0: never. */
  readonly visto_ms: number;
  /** Hash of its content at its vector; empty if unknown. */
  readonly resumo: string;
  /** Digest of its version vector: equal digests, equal vectors; empty if unknown. */
  readonly resumo_vetor: string;
  /** Entries of its version vector that advanced last, the latest first; all of a short one. */
  readonly vetor: readonly (readonly [origem: string, seq: number])[];
  /**
   * Addresses and origins of the servers that it says to hear, without itself; `null`: it does not say (another engine,
   * an older version, or nothing was heard of it since somebody looks). Origins on the fleet, addresses on other engines.
   */
  readonly ouve: readonly string[] | null;
}

/** A server that was there and is no more. */
export interface PanelDepartedJson {
  readonly nome: string;
  readonly endereco: string;
  readonly origem: string;
  readonly versao_programa: string;
  /** When it left, or was last heard. */
  readonly quando_ms: number;
}

interface PanelLimitJson {
  readonly nome: string;
  /** Of `versoes`: the key; only keys near their limit, and only for who may read it. Empty for others. */
  readonly chave: string;
  readonly usado: number;
  readonly maximo: number;
  /** Writes refused for it since the start. */
  readonly recusados: number;
}

export interface PanelCallsJson {
  /** `grpc`, `http`, `mensagem`, `portal`. */
  readonly porta: string;
  /** Name of the operation at that door, such as `GET /v1/chaves/{chave}` or `kvs.KVS/Insere`. */
  readonly operacao: string;
  /** Since the start. */
  readonly total: number;
  readonly erros: number;
  readonly por_segundo: number;
  readonly erros_por_segundo: number;
  /** Of the calls since the picture before, interpolated in buckets; `null` if there were none. */
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
}

interface PanelDoorJson {
  readonly conexoes: number;
  readonly chamadas_abertas: number;
  readonly observacoes: number;
  readonly paineis: number;
  /** Connections and calls refused since the start, for whatever reason. */
  readonly recusadas: number;
}

interface PanelProcessJson {
  /** Share of one processor, since the picture before. */
  readonly cpu: number;
  readonly memoria_bytes: number;
  readonly heap_bytes: number;
  readonly heap_max_bytes: number;
  /** How late the event loop came round since the picture before. */
  readonly atraso_p50_ms: number;
  readonly atraso_p99_ms: number;
  readonly atraso_max_ms: number;
}

/** Fleet: what goes between servers. Rates per second; totals since the start. */
export interface PanelReplicationJson {
  readonly lotes_enviados_s: number;
  readonly mutacoes_enviadas_s: number;
  readonly lotes_recebidos_s: number;
  readonly mutacoes_aplicadas_s: number;
  readonly lotes_repetidos_s: number;
  readonly mensagens_enviadas_s: number;
  readonly mensagens_recebidas_s: number;
  readonly bytes_enviados_s: number;
  readonly bytes_recebidos_s: number;
  /** Batches that wait for their causes now. */
  readonly lotes_esperando: number;
  /** Requests of repair (anti-entropy) to peers. */
  readonly reparos_s: number;
  readonly reparos: number;
  /** States taken from a peer because its log no longer reached back. */
  readonly estados: number;
  readonly divergencias: number;
  readonly reconexoes: number;
  /** How far this server's clock runs ahead of the others. */
  readonly relogio_adiante_ms: number;
}

/** Consensus: the replicas of the store. */
export interface PanelConsensusJson {
  readonly maioria: boolean;
  /** Address of the replica that leads; empty: none is known. */
  readonly lider: string;
  /** Term (Raft) of the leader; 0: not known. */
  readonly termo: number;
  /** The last change of the store that this server knows. */
  readonly revisao: number;
  readonly membros: readonly PanelMemberJson[];
}

export interface PanelMemberJson {
  readonly endereco: string;
  readonly lidera: boolean;
  /** `atendendo`, `sem maioria`, `sem contato`. */
  readonly estado: string;
  readonly termo: number;
  /** Last entry of the log that it has applied; 0: not known. */
  readonly indice: number;
  /** Bytes of its database on disk; 0: not known. */
  readonly bytes: number;
  readonly versao: string;
  /** Answer times since the picture before; `null` if there were none. */
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
}

/** Leader engine. */
export interface PanelLeaderJson {
  readonly papel: 'lider' | 'seguidor';
  /** Address of the leader. */
  readonly lider: string;
  /** On the leader: every follower is connected and up to date; on a follower: it is. */
  readonly inteiro: boolean;
  /** Writes that wait for every follower; 0 on a follower. */
  readonly esperando: number;
  /** What may be under way to one follower at once. */
  readonly janela: { readonly mutacoes: number; readonly bytes: number };
  /** Known on the leader only; empty on a follower. */
  readonly seguidores: readonly PanelFollowerJson[];
}

interface PanelFollowerJson {
  readonly endereco: string;
  readonly em_dia: boolean;
  /** Mutations that it has not acknowledged. */
  readonly atraso: number;
  /** Under way to it. */
  readonly mutacoes: number;
  readonly bytes: number;
}

/** Faults that are on. */
export interface PanelLaboratoryJson {
  readonly isolado: boolean;
  /** When it connects again by itself; 0: it is not isolated. */
  readonly volta_ms: number;
  readonly perde_entrada_por_mil: number;
  readonly perde_saida_por_mil: number;
  /** How much its clock was moved. */
  readonly relogio_ms: number;
}

/** What happened, oldest first. At the beginning those that are still remembered. */
interface PanelEventsJson {
  readonly tipo: 'eventos';
  /** Events that were forgotten before this stream could be told. */
  readonly perdidos: number;
  readonly eventos: readonly PanelEventJson[];
}

export interface PanelEventJson {
  /** 1, 2, 3, … since the start of the server. */
  readonly n: number;
  readonly quando_ms: number;
  readonly nivel: 'detalhe' | 'info' | 'aviso' | 'erro';
  /** Portuguese. */
  readonly mensagem: string;
  /** `log`: the server's own log (only for who may administer). `estado`: what was seen in the pictures. */
  readonly fonte: 'log' | 'estado';
  /** JSON text of the fields that the log has beside the message; `{}`: none. Bounded, so it may end with `…`. */
  readonly campos: string;
}

/** The last line, if the server ends the stream. */
interface PanelEndJson {
  readonly tipo: 'fim';
  /** A stable code: `SERVIDOR_SAINDO`: go on elsewhere, `NAO_AUTENTICADO`: log in, `LEITOR_LENTO`: begin again. */
  readonly codigo: string;
}
