import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { TrainingSettings } from './training-settings.js';

/**
 * Pseudonyms that lead back to nobody without the key: HMAC-SHA-256 under a secret that stays with the hospital. The
 * same key gives the same pseudonyms, so that later patients can join the same training data, and a patient is always
 * in the same split.
 */
export class Pseudonyms {
  constructor(
    private readonly key: Buffer,
    private readonly shares: TrainingSettings['splits'],
  ) {}

  /** Uses the key in a file, or makes one (readable by its owner alone) if there is none. */
  static fromFile(path: string, shares: TrainingSettings['splits']): Pseudonyms {
    if (!existsSync(path)) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
    }
    return new Pseudonyms(Buffer.from(readFileSync(path, 'utf8').trim(), 'hex'), shares);
  }

  /** A P followed by twelve hexadecimal digits. */
  patient(identity: string): string {
    return `P${this.hash('patient', identity).toString('hex').slice(0, 12)}`;
  }

  /** A digest of images and labels: whether a time point is still made of the same data. */
  digest(identity: string): string {
    return this.hash('digest', identity).toString('hex').slice(0, 32);
  }

  /** The split of a patient; it depends on nothing but patient, key and shares. */
  split(identity: string): keyof TrainingSettings['splits'] {
    const { training, validation, test } = this.shares;
    const at = (this.hash('split', identity).readUInt32BE(0) / 2 ** 32) * (training + validation + test);
    return at < training ? 'training' : at < training + validation ? 'validation' : 'test';
  }

  private hash(purpose: string, identity: string): Buffer {
    return createHmac('sha256', this.key).update(`${purpose}\n${identity}`).digest();
  }
}
