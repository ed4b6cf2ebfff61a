/**
 * `npm pack` runs this before and after (`prepack`, `postpack`), so that its tarball installs on a machine that reaches no other:
 *
 *     npx tsx scripts/bundle.ts open     the production packages go into the tarball, as they are built here
 *     npx tsx scripts/bundle.ts close    package.json is as it was
 *
 * In `node_modules`, packages lose what an installation would do once more (install scripts, which compile or download) and what
 * cannot run here (other systems' binaries). `npm ci` makes them whole again. The tarball is for this operating system,
 * processor and line of Node.js, and says so.
 */
import { copyFileSync, existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

interface PackageJson {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  scripts?: Record<string, string>;
  [key: string]: unknown;
}

const root = resolve(import.meta.dirname, '..');
const own = join(root, 'package.json');
const kept = join(root, 'node_modules/.package.json');
const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as PackageJson;
/** By way of another file: npm may have linked this one to the same package elsewhere. */
function write(path: string, content: PackageJson): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(content, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

function open(): void {
  copyFileSync(own, kept);
  const manifest = read(own);
  const [line] = process.versions.node.split('.').map(Number);
  write(own, {
    ...manifest,
    bundleDependencies: Object.keys(manifest.dependencies!),
    // None of them is for whoever installs it; npm still needs the one that ends this.
    scripts: { postpack: manifest.scripts!['postpack'] },
    engines: { node: `${line}.x` },
    os: [process.platform],
    cpu: [process.arch],
  });
  for (const folder of productionPackages()) finish(folder);
  const runtimes = join(root, 'node_modules/onnxruntime-node/bin/napi-v6');
  for (const system of readdirSync(runtimes))
    for (const processor of readdirSync(join(runtimes, system)))
      if (system !== process.platform || processor !== process.arch)
        rmSync(join(runtimes, system, processor), { recursive: true });
}

/** Folders of all packages that the production dependencies need, as Node.js resolves them. */
function productionPackages(): Set<string> {
  const found = new Set<string>();
  const visit = (folder: string) => {
    const { dependencies, optionalDependencies } = read(join(folder, 'package.json'));
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const installed = resolveFrom(folder, name);
      if (!installed || found.has(installed)) continue;
      found.add(installed);
      visit(installed);
    }
  };
  visit(root);
  return found;
}

/** Where `folder` finds the package `name`; undefined for an optional one that is not installed. */
function resolveFrom(folder: string, name: string): string | undefined {
  for (let at = folder; at.startsWith(root); at = resolve(at, '..')) {
    const candidate = join(at, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
  }
  return undefined;
}

/** Takes out what an installation would run or look for in vain. */
function finish(folder: string): void {
  const path = join(folder, 'package.json');
  const manifest = read(path);
  const { preinstall, install, postinstall, ...scripts } = manifest.scripts ?? {};
  const optionalDependencies = Object.fromEntries(
    Object.entries(manifest.optionalDependencies ?? {}).filter(([name]) => resolveFrom(folder, name)),
  );
  // npm compiles a package that has a binding.gyp and no install script, unless it is told not to.
  if (preinstall ?? install ?? postinstall ?? manifest.optionalDependencies)
    write(path, { ...manifest, scripts, optionalDependencies, gypfile: false });
}

const steps: Record<string, () => void> = { open, close: () => renameSync(kept, own) };
const step = steps[process.argv[2] ?? ''];
if (!step) throw new Error('usage: bundle.ts open|close');
step();
