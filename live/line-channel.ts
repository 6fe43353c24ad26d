/** Messages over a socket, a line of JSON each: the IPC of processes that are not parent and child. */

import type { Socket } from "node:net";

export interface LineListener {
  /** What is no JSON comes as the text it is. */
  message(value: unknown): void;
  /** Once, after the last message. */
  closed(): void;
}

export class LineChannel {
  readonly #socket: Socket;
  /** The beginning of a line whose end is still to come. */
  #rest: string;

  constructor(socket: Socket, listener: LineListener) {
    this.#socket = socket.setEncoding("utf8");
    this.#rest = "";
    socket.on("data", (text: string) => {
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop()!;
      for (const line of lines) listener.message(parsed(line));
    });
    // Whatever broke it, it is closed then.
    socket.on("error", () => undefined);
    socket.on("close", () => listener.closed());
  }

  /** `sent`: once the system has it. */
  send(message: object, sent?: () => void): void {
    this.#socket.write(`${JSON.stringify(message)}\n`, sent);
  }

  close(): void {
    this.#socket.destroy();
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}
