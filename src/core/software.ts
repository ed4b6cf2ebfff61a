import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json, migrations, mappings, models and assets. */
export const packageFolder = fileURLToPath(new URL('../../', import.meta.url));

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** How we name ourselves in objects, logs and messages. */
export const software = { name: 'Priora', version } as const;
