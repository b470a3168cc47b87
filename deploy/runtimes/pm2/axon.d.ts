/** Types for the parts of PM2's untyped transport that we use. */
declare module 'pm2/modules/pm2-axon' {
  export interface RequestSocket {
    set(name: 'retry timeout', milliseconds: number): this;
    connect(path: string): this;
    close(): void;
    once(event: 'connect' | 'close', listener: () => void): this;
    once(event: 'error', listener: (error: Error) => void): this;
  }
  export function socket(type: 'req'): RequestSocket;
}

declare module 'pm2/modules/pm2-axon-rpc' {
  import type { RequestSocket } from 'pm2/modules/pm2-axon';
  export class Client {
    constructor(socket: RequestSocket);
    call(
      method: string,
      argument: unknown,
      answered: (error: Error | string | null, value: unknown) => void,
    ): void;
  }
}
