import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Room for the data of one server; memory of the machine, as much of it as is used. */
const SIZE_MB = 96;

/** A folder for each name, on a small file system of its own where whoever runs this may mount one. */
export class SmallDisks {
  private readonly mounted: string[] = [];

  private constructor(
    readonly folders: ReadonlyMap<string, string>,
    /** Whether each folder is a file system of its own. */
    readonly areOwn: boolean,
  ) {}

  static open(folder: string, names: readonly string[]): Promise<SmallDisks> {
    const folders = new Map(names.map((name) => [name, join(folder, name)]));
    for (const path of folders.values()) mkdirSync(path);
    const mounted: string[] = [];
    for (const path of folders.values()) {
      const options = `size=${String(SIZE_MB)}m,mode=700`;
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'kvs-caos', path]).status !== 0) break;
      mounted.push(path);
    }
    const disks = new SmallDisks(folders, mounted.length === folders.size && folders.size > 0);
    disks.mounted.push(...mounted);
    // Before the folders of this process are removed with everything in them.
    process.prependListener('exit', () => {
      disks.close();
    });
    return Promise.resolve(disks);
  }

  close(): void {
    for (const path of this.mounted.splice(0)) spawnSync('umount', ['-l', path]);
  }
}
