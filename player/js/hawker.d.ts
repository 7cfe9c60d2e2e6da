// Types of the Hawker SDK: the <hawker-live> element and its events. Described in docs/embedding.md; says nothing about playback.

export type HawkerState = "connecting" | "live" | "stalled" | "offline" | "ended" | "unsupported" | "error";

/** Why nothing plays. Which of them end by themselves is in docs/embedding.md. */
export type HawkerError =
  | "bad-room"
  | "bad-server"
  | "engine"
  | "no-room"
  | "refused"
  | "region"
  | "unreachable"
  | "unsupported"
  | "playback";

export interface HawkerRendition {
  name: string;
  /** As RFC 6381 names them. */
  codecs: string;
  width: number;
  height: number;
  /** Average bits a second, picture and sound. */
  bps: number;
}

export interface HawkerStats {
  /** From the server's receipt of the frame to the screen; null until the clock is known. */
  latencyMs: number | null;
  bufferMs: number;
  /** What the buffer is steered to. */
  targetMs: number;
  rendition: string | null;
  /** What it is in, as RFC 6381 names it. */
  codecs: string | null;
  /** What the link carries; null until measured. */
  estimateBps: number | null;
  stalls: number;
  stalledMs: number;
  droppedFrames: number;
  rate: number;
  roundTripMs: number | null;
  state: HawkerState;
  /** What the newest segment was asked over: HTTP, or a WebTransport session. */
  transport: "http" | "udp";
}

export interface HawkerHold {
  id: string;
  product: string;
  sale: string;
  quantity: number;
  /** Minor units. */
  price: number;
  currency: string;
  placedMs: number;
  expiresMs: number;
  state: "held" | "paid" | "cancelled" | "expired" | "refund-due" | "refunded";
  /** For your backend: the server signed that this is this buyer's. */
  proof: string;
}

export interface HawkerEventMap {
  "hawker:ready": CustomEvent<{ room: string; server: string }>;
  "hawker:state": CustomEvent<{ state: HawkerState; message: string }>;
  "hawker:firstframe": CustomEvent<{ afterMs: number }>;
  "hawker:quality": CustomEvent<{ quality: string; rendition: string | null }>;
  "hawker:stall": CustomEvent<{ ms: number }>;
  "hawker:error": CustomEvent<{ code: HawkerError | "ui"; message: string; fatal: boolean }>;
  "hawker:latency": CustomEvent<HawkerStats>;
  "hawker:blocked": CustomEvent<{ at: number }>;
  /** Cancel it and the floating player stays. */
  "hawker:close": CustomEvent<null>;
  "hawker:hold": CustomEvent<{ hold: HawkerHold }>;
  /** Cancel it (`preventDefault`) and take the buyer to your checkout. */
  "hawker:checkout": CustomEvent<{ hold: HawkerHold }>;
  "hawker:add-to-cart": CustomEvent<{ sku: string; qty: number; idempotencyKey: string }>;
  "hawker:message": CustomEvent<{ name: string; text: string }>;
}

export interface HawkerScreen {
  /** The picture in the corner of the window: on, off, or the other of the two. */
  mini(on?: boolean): void;
  pictureInPicture(): Promise<unknown>;
  readonly canPictureInPicture: boolean;
  saveData: boolean;
  /** Why nothing better than it is played unasked. */
  readonly limit: "size" | "saver" | "device" | "";
  /** Announced start of the show, ms since 1970; 0: none. */
  readonly startsMs: number;
}

export interface HawkerLiveElement extends HTMLElement {
  room: string;
  server: string;
  /** Signed by the shop's backend. */
  token: string;
  muted: boolean;
  /** 0 to 1. */
  volume: number;
  /** "auto" or the name of a rendition. */
  quality: string;
  /** Of the page around it, else of the browser: "zh-CN". */
  readonly language: string;
  readonly renditions: HawkerRendition[];
  readonly rendition: string | null;
  readonly state: HawkerState;
  readonly error: HawkerError | null;
  readonly paused: boolean;
  /** The browser plays nothing without a tap. */
  readonly blocked: boolean;
  /** Null until there is a picture or a reason for none, and in a bare player. */
  readonly screen: HawkerScreen | null;
  play(): void;
  pause(): void;
  /** To the newest frame at once. */
  goLive(): void;
  stats(): HawkerStats | null;
  /** The server's clock, ms since 1970. */
  serverTime(): number;
  addEventListener<K extends keyof HawkerEventMap>(
    type: K,
    listener: (this: HawkerLiveElement, event: HawkerEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/** The class of <hawker-live>. */
export const HawkerLive: { new (): HawkerLiveElement };

declare global {
  interface HTMLElementTagNameMap {
    "hawker-live": HawkerLiveElement;
  }
}
