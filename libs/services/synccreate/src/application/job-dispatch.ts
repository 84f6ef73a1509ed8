/** Hands jobs to workers. */
export abstract class JobDispatch {
  /** Queues a job once, however often it is called while the job waits. */
  abstract dispatch(tenant: string, jobId: string): Promise<void>;
}
