import type * as z from 'zod/mini';
import { KvsError } from '../core/errors.js';
import { laboratoryLimits } from './limits.js';
import { EVENT_SCHEMAS, HEADER_SCHEMA } from './recording-schemas.js';
import { RECORDING_FORMAT } from './recording.js';
import type { RecordedEvent, RecordedHost, Recording, RecordingHeader } from './recording.js';

/** A recording, and whether its last line was cut in the middle, as when the recorder was killed. */
export interface ReadRecording {
  readonly recording: Recording;
  readonly isTruncated: boolean;
}

/**
 * Reads a recording line by line. Fields that it does not know stay as they are.
 * Every method throws KvsError DADOS_INVALIDOS, which says in Portuguese which line is wrong, and how.
 */
export class RecordingReader {
  private header: RecordingHeader | undefined;
  private readonly events: RecordedEvent[] = [];
  private readonly hosts = new Set<string>();
  private readonly messages = new Set<string>();
  private readonly calls = new Set<string>();
  private lines = 0;
  private chars = 0;

  /** A whole line, without its end. An empty one is passed over. */
  take(line: string): void {
    this.lines++;
    this.chars += line.length + 1;
    if (this.chars > laboratoryLimits.recordingBytes) {
      throw invalid(`a gravação passa de ${laboratoryLimits.recordingBytes} bytes`);
    }
    if (line.length > laboratoryLimits.lineBytes) this.fail(`passa de ${laboratoryLimits.lineBytes} bytes`);
    if (line.trim() === '') return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      if (this.header === undefined) throw invalid('não é uma gravação do laboratório: a linha 1 não é JSON');
      this.fail('não é JSON');
    }
    if (this.header === undefined) this.takeHeader(value);
    else this.takeEvent(value);
  }

  /**
   * @param rest what follows the last end of a line: a line too, unless it was cut in the middle
   */
  end(rest = ''): ReadRecording {
    let isTruncated = false;
    if (rest.trim() !== '') {
      if (isWhole(rest)) this.take(rest);
      else isTruncated = true;
    }
    if (this.header === undefined) {
      throw invalid('não é uma gravação do laboratório: falta a primeira linha, o cabeçalho');
    }
    return { recording: { header: this.header, events: this.events }, isTruncated };
  }

  private takeHeader(value: unknown): void {
    const { kind, format } = Object(value) as { kind?: unknown; format?: unknown };
    if (kind !== 'recording') {
      throw invalid(
        'não é uma gravação do laboratório: a primeira linha deve ser um cabeçalho ("kind":"recording")',
      );
    }
    if (typeof format === 'number' && format > RECORDING_FORMAT) {
      throw invalid(
        `a gravação é do formato ${format}, mais novo que este programa (${RECORDING_FORMAT}): atualize-o`,
      );
    }
    const header = this.checked<RecordingHeader>(HEADER_SCHEMA, value);
    for (const host of header.hosts) this.addHost(host);
    this.header = header;
  }

  private takeEvent(value: unknown): void {
    const kind = String((Object(value) as { kind?: unknown }).kind);
    const schema = Object.hasOwn(EVENT_SCHEMAS, kind)
      ? EVENT_SCHEMAS[kind as RecordedEvent['kind']]
      : undefined;
    if (schema === undefined) {
      this.fail(`"kind" deve ser um de ${Object.keys(EVENT_SCHEMAS).join(', ')}`);
    }
    const event = this.checked<RecordedEvent>(schema, value);
    const expected = this.events.length + 1;
    if (expected > laboratoryLimits.events) {
      throw invalid(`a gravação passa de ${laboratoryLimits.events} eventos`);
    }
    if (event.n !== expected) this.fail(`"n" é ${event.n}, esperado ${expected}: faltam ou sobram linhas`);
    this.assertRefers(event);
    this.events.push(event);
  }

  private assertRefers(event: RecordedEvent): void {
    this.assertHost('host', event.host);
    switch (event.kind) {
      case 'sent':
        if (event.to !== undefined) this.assertHost('to', event.to);
        if (this.messages.has(event.message)) this.fail(`a mensagem "${event.message}" já saiu antes`);
        this.messages.add(event.message);
        break;
      case 'relayed':
      case 'received':
      case 'dropped':
      case 'missed':
        if (!this.messages.has(event.message)) {
          this.fail(`a mensagem "${event.message}" não saiu de ninguém antes`);
        }
        break;
      case 'call':
        this.assertHost('client', event.client);
        if (this.calls.has(event.call)) this.fail(`a chamada "${event.call}" já foi feita antes`);
        this.calls.add(event.call);
        break;
      case 'answer':
        if (!this.calls.has(event.call)) this.fail(`a chamada "${event.call}" não foi feita antes`);
        break;
      default:
    }
  }

  private addHost({ id }: RecordedHost): void {
    if (this.hosts.has(id)) this.fail(`"${id}" está duas vezes em "hosts"`);
    this.hosts.add(id);
  }

  private assertHost(field: string, id: string): void {
    if (!this.hosts.has(id)) this.fail(`"${field}" é "${id}", que não está entre os "hosts" do cabeçalho`);
  }

  private checked<Checked>(schema: z.ZodMiniType<Checked>, value: unknown): Checked {
    const result = schema.safeParse(value);
    if (!result.success) {
      const [issue] = result.error.issues;
      this.fail(issue === undefined ? 'não serve' : issueText(issue, value));
    }
    // Not what was parsed, which would be without the fields of later versions.
    return value as Checked;
  }

  private fail(how: string): never {
    throw invalid(`linha ${this.lines} da gravação: ${how}`);
  }
}

/**
 * Reads a whole recording.
 * @throws KvsError DADOS_INVALIDOS
 */
export function readRecording(text: string): ReadRecording {
  const reader = new RecordingReader();
  let from = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
    reader.take(text.slice(from, end));
    from = end + 1;
  }
  return reader.end(text.slice(from));
}

/** Whether a last line without an end is one, or the beginning of one. */
function isWhole(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'um texto',
  number: 'um número',
  int: 'um número inteiro',
  boolean: 'true ou false',
  array: 'uma lista',
  object: 'um objeto',
  record: 'um objeto',
};

function issueText(issue: z.core.$ZodIssue, value: unknown): string {
  const where = `"${issue.path.map(String).join('.')}"`;
  if (issue.path.length === 0) return 'esperado um objeto JSON';
  switch (issue.code) {
    case 'invalid_type':
      return `${isThere(issue.path, value) ? '' : 'falta um campo: '}${where} deve ser ${TYPES[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `${where} deve ser um de ${issue.values.map(String).join(', ')}`;
    case 'too_big':
      return `${where} passa de ${issue.maximum}`;
    case 'too_small':
      return `${where} deve ser no mínimo ${issue.minimum}`;
    default:
      return `${where} não serve`;
  }
}

function isThere(path: readonly PropertyKey[], value: unknown): boolean {
  let inner = value;
  for (const part of path) inner = (Object(inner) as Record<PropertyKey, unknown>)[part];
  return inner !== undefined;
}

function invalid(message: string): KvsError {
  return new KvsError('DADOS_INVALIDOS', message);
}
