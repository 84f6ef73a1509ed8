import type { KeyDirectory } from './key-directory.js';
import { LiveChannels } from './ports.js';

/** Live channels as the shared schema says; a channel that nobody switched on is off. */
export class DirectoryLiveChannels extends LiveChannels {
  constructor(private readonly directory: KeyDirectory) {
    super();
  }

  /** @throws unavailable when the store cannot be asked: the caller must then not send */
  override async isLive(tenant: string, channel: string): Promise<boolean> {
    return (await this.directory.channels.get(`${tenant}:${channel}`)) === true;
  }
}
