export async function demo(_args: string[]): Promise<void> {}
