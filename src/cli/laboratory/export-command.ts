import { writeFile } from 'node:fs/promises';
import { LABORATORY_OPTIONS } from '../../config/laboratory-options.js';
import { Settings } from '../../config/settings.js';
import type { Flags } from '../../config/settings.js';
import { KvsError } from '../../core/errors.js';
import { reasonOf } from '../../files/small-file.js';
import { missingText } from '../../laboratory/early-end.js';
import { shivizLog } from '../../laboratory/shiviz.js';
import { spaceTimeSvg } from '../../laboratory/svg.js';
import { readRecordingFile } from '../../supervisor/replay.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import type { Output } from '../output.js';

/**
 * `kvs laboratorio exporta`: a recording as a diagram, or as a log for ShiViz.
 * @throws KvsError CONFIGURACAO, DADOS_INVALIDOS
 */
export async function runLaboratoryExport(file: string, flags: Flags, output: Output): Promise<ExitCode> {
  const settings = new Settings(LABORATORY_OPTIONS, { flags, env: {}, file: undefined });
  const isSvg = settings.value('svg');
  if (isSvg === settings.value('shiviz')) {
    throw new KvsError('CONFIGURACAO', 'exporta: diga --svg ou --shiviz, um dos dois');
  }
  const read = await readRecordingFile(file);
  const missing = missingText(read);
  if (missing !== undefined) output.error(`${file}: ${missing}`);
  const text = (isSvg ? spaceTimeSvg : shivizLog)(read.recording, settings.value('idioma'));
  const target = settings.value('saida');
  if (target === undefined) await output.line(text.trimEnd());
  else {
    await writeFile(target, text).catch((error: unknown) => {
      throw new KvsError('CONFIGURACAO', `não consegui escrever ${target}: ${reasonOf(error)}`, {
        cause: error,
      });
    });
    await output.line(`escrito em ${target}`);
  }
  return EXIT.ok;
}
