using Firehose;
using Millrace.Hosting;
using Millrace.Storage;
using Millrace.Worker.Hosting;

namespace Millrace.Worker.Demo;

/// <summary>
/// The demo's own databases, in a directory beside those of `run`: each demo starts with none, so that it shows the same every time,
/// and never touches what was ingested for real. One demo at a time has them.
/// </summary>
internal sealed class DemoFiles : IDisposable
{
    private const string DirectoryName = "demo";

    /// <summary>Held while a demo runs; left behind as the sign that the databases beside it are a demo's.</summary>
    private const string LockName = "demo.lock";

    private readonly FileStream _lock;

    private DemoFiles(string directory, FileStream held)
    {
        Directory = directory;
        _lock = held;
    }

    public string Directory { get; }

    /// <summary>Takes the demo's directory inside <paramref name="dataDirectory"/> and empties it of an earlier demo's databases.</summary>
    /// <exception cref="MillraceConfigurationException">Another demo runs there, or the files are not a demo's.</exception>
    public static DemoFiles Take(string dataDirectory)
    {
        var directory = Path.Combine(dataDirectory, DirectoryName);
        FileStream? held = null;
        try
        {
            System.IO.Directory.CreateDirectory(directory);
            if (!File.Exists(Path.Combine(directory, LockName)) && File.Exists(Path.Combine(directory, FirehoseServices.DatabaseName)))
                throw Refuse($"\"{JobRules.Clip(directory)}\" holds a {FirehoseServices.DatabaseName} that no demo made, and would replace it");
            held = new FileStream(Path.Combine(directory, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            // With the -wal and -shm files that SQLite keeps beside a database.
            foreach (var database in new[] { FirehoseServices.DatabaseName, WorkerHost.QueueDatabase })
                foreach (var file in System.IO.Directory.EnumerateFiles(directory, database + "*"))
                    File.Delete(file);
            return new(directory, held);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            throw Refuse($"the demo cannot have \"{JobRules.Clip(directory)}\" for itself ({error.Message}); another demo may run there");
        }
    }

    public void Dispose() => _lock.Dispose();

    private static MillraceConfigurationException Refuse(string what) => new([$"DB004 {what}: name another directory with --data."]);
}
