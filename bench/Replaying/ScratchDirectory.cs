namespace Bench.Replaying;

/// <summary>A directory that is gone afterwards.</summary>
internal sealed class ScratchDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("millrace-bench-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
