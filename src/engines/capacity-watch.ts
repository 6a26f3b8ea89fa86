import type { CapacityName, HasCapacity, Usage } from '../ports/capacity.js';
import type { Logger } from '../ports/logger.js';
import type { Time } from '../ports/time.js';
import { engineLimits } from './limits.js';

/** `near`: from the part of the limit on from which a server warns; `full`: writes are refused. */
type Fullness = 'far' | 'near' | 'full';

interface Known {
  readonly fullness: Fullness;
  readonly usage: Usage;
}

/** A key is data, and may be 64 KiB long. */
const KEY_CHARS_SHOWN = 100;

const WHAT: Readonly<Record<CapacityName, string>> = {
  entradas: 'versões guardadas, de todas as chaves',
  bytes: 'memória de chaves e valores',
  chaves: 'chaves',
  origens: 'aberturas de servidores que escreveram',
  versoes: 'versões de uma chave',
  espaco: 'cota de disco das réplicas',
};

const FEWER_VERSIONS = 'remova versões antigas, ou deixe que a retenção (--retencao) as remova';
const REMEDY: Readonly<Record<CapacityName, string>> = {
  entradas: FEWER_VERSIONS,
  bytes: FEWER_VERSIONS,
  chaves:
    'numa frota, remova chaves que não servem mais: seu lugar volta quando são esquecidas; no motor lider, onde não são, comece outro sistema com uma cópia (kvs exporta, kvs importa)',
  origens: 'comece outra frota com uma cópia desta (kvs exporta, kvs importa) antes do limite',
  versoes: FEWER_VERSIONS,
  espaco: 'abra as réplicas com --cota maior, ou compacte e desfragmente o etcd (docs/CONSENSUS.md)',
};

/**
 * Looks now and then how full a server is, and says so in the log, once per change: near a limit, at it, and far from
 * it again.
 */
export class CapacityWatch {
  /** Each limit as it was when it was last looked at; as many as the engine names. */
  private readonly known = new Map<string, Known>();
  private cancel: (() => void) | undefined;
  private told: boolean | undefined;

  /** @param onFar called with whether every limit is far, at the start and at every change */
  constructor(
    private readonly of: HasCapacity,
    private readonly time: Time,
    private readonly logger: Logger,
    private readonly onFar: (far: boolean) => void,
  ) {}

  start(): void {
    this.look();
    this.cancel = this.time.after(engineLimits.capacityIntervalMs, () => {
      this.start();
    });
  }

  stop(): void {
    this.cancel?.();
  }

  /** What is near its limit or at it, for people: any caller may read it, so no key is named. */
  warnings(): string[] {
    return [...this.known.values()]
      .filter(({ fullness }) => fullness !== 'far')
      .map(({ fullness, usage }) => {
        const { name, key, used, limit } = usage;
        const where = key === undefined ? '' : ' (o log diz qual)';
        const how = fullness === 'full' ? 'limite atingido' : 'perto do limite';
        return `${how}: ${WHAT[name]}${where}: ${used} de ${limit}; ${REMEDY[name]}`;
      });
  }

  private look(): void {
    const gone = new Map(this.known);
    for (const usage of this.of.capacity()) {
      const id = `${usage.name} ${usage.key ?? ''}`;
      gone.delete(id);
      this.follow(id, usage);
    }
    for (const id of gone.keys()) this.known.delete(id);
    const far = [...this.known.values()].every(({ fullness }) => fullness === 'far');
    if (far === this.told) return;
    this.told = far;
    this.onFar(far);
  }

  private follow(id: string, usage: Usage): void {
    const before = this.known.get(id) ?? { fullness: 'far', usage };
    const fullness = fullnessOf(usage, before);
    if (fullness !== before.fullness) this.say(usage, fullness, before.fullness);
    this.known.set(id, { fullness, usage });
  }

  private say(usage: Usage, now: Fullness, before: Fullness): void {
    const { name, key, used, limit } = usage;
    const fields = {
      limite: name,
      ...(key === undefined ? {} : { chave: key.slice(0, KEY_CHARS_SHOWN) }),
      ...{ usado: used, maximo: limit, porCento: Math.floor((100 * used) / limit) },
    };
    const what = WHAT[name];
    if (now === 'full') {
      this.logger.error(
        fields,
        `limite atingido: ${what}. Escritas que precisam de mais são recusadas: ${REMEDY[name]}`,
      );
    } else if (now === 'near' && before === 'far') {
      this.logger.warn(fields, `perto do limite: ${what}; ${REMEDY[name]}`);
    } else {
      const still = now === 'near' ? ', ainda perto do limite' : '';
      this.logger.info(fields, `há espaço de novo: ${what}${still}`);
    }
  }
}

function fullnessOf({ name, used, limit, refused }: Usage, before: Known): Fullness {
  // A write may be refused a little below the limit, by its own size.
  if (used >= limit || refused > before.usage.refused) return 'full';
  const near = name === 'origens' ? engineLimits.nearOriginsFraction : engineLimits.nearFraction;
  const part = used / limit;
  if (part >= near) {
    // Between near and full, who was full stays so until there is more than a little room.
    return before.fullness === 'full' && part > engineLimits.roomFraction ? 'full' : 'near';
  }
  const far = (near * engineLimits.farFraction) / engineLimits.nearFraction;
  return before.fullness !== 'far' && part >= far ? 'near' : 'far';
}
