import { randomBytes } from 'node:crypto';
import { readSmallFile } from '../files/small-file.js';
import type { SmallFile } from '../files/small-file.js';
import { KeyRing } from '../engines/fleet/bus/seal/key-ring.js';
import { parseFleetKeys } from '../engines/fleet/bus/seal/key-text.js';
import type { SealOptions } from '../engines/fleet/bus/seal/sealer.js';
import { KvsError } from '../core/errors.js';
import type { Logger } from '../ports/logger.js';
import type { FleetKeyConfig } from '../config/fleet-key-config.js';
import { onReload } from './reload.js';

/** Room for two keys of any length. A longer file is the wrong one. */
const FILE_BYTES_MAX = 16 * 1024;

/**
 * Reads the keys that the configuration names. SIGHUP reads the file again, so that keys rotate without a restart; an
 * invalid file then changes nothing.
 * @throws KvsError CONFIGURACAO; the error never contains a key
 */
export async function openFleetKeys(
  config: FleetKeyConfig,
  fleet: string,
  logger: Logger,
): Promise<SealOptions> {
  const ring = new KeyRing(fleet, await readKeys(config, logger));
  const tell = (): void => {
    logger.info(
      { selaCom: ring.sealing.id, aceita: ring.ids, cifra: config.encrypts },
      'chave da frota em uso',
    );
  };
  tell();
  // Only a file can be read again.
  if (config.file !== undefined) {
    onReload('chave da frota', async () => {
      ring.replace(await readKeys(config, logger));
      tell();
    });
  }
  return { ring, encrypts: config.encrypts, drawBytes: (count) => randomBytes(count) };
}

async function readKeys({ file, text }: FleetKeyConfig, logger: Logger): Promise<readonly Buffer[]> {
  if (file === undefined) return parseFleetKeys(text ?? '', 'KVS_CHAVE_FROTA_TEXTO');
  const place = `--chave-frota ${file}`;
  let read: SmallFile;
  try {
    read = await readSmallFile(file, FILE_BYTES_MAX);
  } catch (error) {
    const { message, cause } = KvsError.from(error);
    throw new KvsError('CONFIGURACAO', `--chave-frota: ${message}`, { cause });
  }
  if (read.isExposed) {
    logger.warn({ arquivo: file }, 'outros usuários alcançam o arquivo da chave da frota; use chmod 600');
  }
  return parseFleetKeys(read.text, place);
}
