import type { UpperLayer } from './upper-layer.js';

/**
 * Whose turn it is: the peer's silence counts against it only while it owes an answer or has to read what we send, and
 * not while a handler of ours is at work.
 */
export class Turn {
  readonly #layer: Pick<UpperLayer, 'expectPeer'>;
  /** Whose turn it is when nothing is under way: an acceptor waits for requests. */
  readonly #peerWhenIdle: boolean;
  /** What is under way, the latest last: a peer's request may lead to one of ours, and the reverse. */
  readonly #underWay: { readonly peer: boolean }[] = [];

  constructor(layer: Pick<UpperLayer, 'expectPeer'>, peerWhenIdle: boolean) {
    this.#layer = layer;
    this.#peerWhenIdle = peerWhenIdle;
    this.#tell();
  }

  /** @returns what to call when this turn is over; calling it again does nothing. */
  begin(whose: 'peer' | 'ours'): () => void {
    const turn = { peer: whose === 'peer' };
    this.#underWay.push(turn);
    this.#tell();
    return () => {
      const index = this.#underWay.lastIndexOf(turn);
      if (index < 0) return;
      this.#underWay.splice(index, 1);
      this.#tell();
    };
  }

  #tell(): void {
    this.#layer.expectPeer(this.#underWay.at(-1)?.peer ?? this.#peerWhenIdle);
  }
}
