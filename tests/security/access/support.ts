import { createHash } from 'node:crypto';
import type { Credential, CredentialsFile } from '../../../src/security/access/format.js';
import { DEFAULT_COST, newSalt } from '../../../src/security/access/secret.js';
import { CredentialTable } from '../../../src/security/access/table.js';
import type { CredentialRole } from '../../../src/ports/access.js';
import { ManualTime } from '../../engines/fleet/bus/manual-time.js';
import { RecordingLogger } from '../../support/doors.js';

/** A secret that nobody else has in tests. */
export function secretOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url');
}

/** Stands for the slow hash where its slowness is not what is tested. */
export function quickHash(secret: string, salt: Buffer): Promise<Buffer> {
  return Promise.resolve(createHash('sha256').update(salt).update(secret).digest());
}

/** A credential with the secret of {@link secretOf}. */
export async function credential(
  name: string,
  role: CredentialRole,
  prefixes: readonly string[] = [],
  more: Partial<Credential> = {},
): Promise<Credential> {
  const salt = newSalt();
  return {
    ...{ name, role, prefixes, certificates: [], createdMs: 0, expiresMs: undefined },
    secret: { salt, hash: await quickHash(secretOf(name), salt) },
    ...more,
  };
}

export function fileOf(...credentials: readonly Credential[]): CredentialsFile {
  return { cost: DEFAULT_COST, credentials };
}

/** A table on a clock of its own, with every slow hash counted. */
export class TableStand {
  readonly time = new ManualTime();
  readonly logger = new RecordingLogger();
  hashes = 0;
  /** While set, hashes wait for it. */
  gate: Promise<void> | undefined;
  readonly table: CredentialTable;

  constructor(...credentials: readonly Credential[]) {
    this.table = new CredentialTable(fileOf(...credentials), {
      time: this.time,
      logger: this.logger,
      hash: async (secret, salt) => {
        this.hashes++;
        await this.gate;
        return quickHash(secret, salt);
      },
    });
  }

  /** The name of whom it lets in, or the code of the refusal. */
  async login(name: string, secret = secretOf(name), from = '10.0.0.1'): Promise<string> {
    try {
      const identity = await this.table.authenticate(name, secret, from);
      return identity.name;
    } catch (error) {
      return (error as { readonly code: string }).code;
    }
  }
}
